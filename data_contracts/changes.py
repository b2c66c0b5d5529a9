"""What a changed contract asks of its version: compare two states of one contract.

Readers trust a version: within one major version a column keeps its type and meaning.
"""

from dataclasses import dataclass
from enum import IntEnum

from data_contracts.contract import Column, CustomProperty, ExtractContract


class Raise(IntEnum):
    """Which number of a version a change raises, from harmless to breaking."""

    NOTHING = 0
    PATCH = 1  # words about the table
    MINOR = 2  # a new optional column, a new or looser rule
    MAJOR = 3  # a column gone, or of another type, unit or meaning


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two states of a contract, in words."""

    asks: Raise
    what: str


def changes(old: ExtractContract, new: ExtractContract) -> tuple[Change, ...]:
    """List what differs between two states of one contract, gravest first.

    Parameters
    ----------
    old, new : ExtractContract
        Same id; the order matters.

    Returns
    -------
    tuple of Change
        Empty where both promise the same, whatever their versions.
    """
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    found = [
        Change(Raise.MAJOR, f"column {name} is gone") for name in before if name not in
        after
    ]  # fmt: skip
    found += [
        Change(
            Raise.MAJOR if column.required else Raise.MINOR,
            f"column {name} is new" + (" and required" if column.required else ""),
        )
        for name, column in after.items()
        if name not in before
    ]
    for name in before.keys() & after.keys():
        found += _column_changes(before[name], after[name])
    if old.keys != new.keys:
        found.append(Change(Raise.MAJOR, f"the key is {', '.join(new.keys)} now"))
    if old.grain != new.grain:
        found.append(Change(Raise.MAJOR, f"one row means something else: {new.grain}"))
    if (old.row_rules, old.table_rules) != (new.row_rules, new.table_rules):
        found.append(Change(Raise.MINOR, "the rules changed"))
    if old.description != new.description:
        found.append(Change(Raise.PATCH, "purpose or limits are worded anew"))
    return tuple(sorted(found, key=lambda one: (-one.asks, one.what)))


def _column_changes(old: Column, new: Column) -> list[Change]:
    found = []
    for what, was, now in (
        ("type", old.type.physical, new.type.physical),
        ("unit", old.unit, new.unit),
        ("meaning", old.description, new.description),
    ):
        if was != now:
            told = (
                f"column {new.name} changed {what}: {was or 'none'} → {now or 'none'}"
            )
            found.append(Change(Raise.MAJOR, told))
    if new.required and not old.required:
        found.append(Change(Raise.MAJOR, f"column {new.name} is required now"))
    elif old.required and not new.required:
        found.append(Change(Raise.MINOR, f"column {new.name} is optional now"))
    if old.classification != new.classification:
        told = f"column {new.name} is {new.classification} now"
        found.append(Change(Raise.MINOR, told))
    if (old.allowed, old.logical_type_options) != (
        new.allowed,
        new.logical_type_options,
    ):
        found.append(Change(Raise.MINOR, f"column {new.name} takes other values now"))
    return found


def next_version(version: str, asks: Raise) -> str:
    """Return the least version a change asks for.

    Parameters
    ----------
    version : str
        Three numbers, as in ``1.4.2``.
    asks : Raise

    Examples
    --------
    >>> next_version("1.4.2", Raise.MAJOR), next_version("1.4.2", Raise.MINOR)
    ('2.0.0', '1.5.0')
    """
    major, minor, patch = (int(part) for part in version.split("."))
    match asks:
        case Raise.MAJOR:
            return f"{major + 1}.0.0"
        case Raise.MINOR:
            return f"{major}.{minor + 1}.0"
        case Raise.PATCH:
            return f"{major}.{minor}.{patch + 1}"
        case _:
            return version


def version_to_raise(old: ExtractContract, new: ExtractContract) -> str | None:
    """Return the version a changed contract must carry and does not; else None."""
    found = changes(old, new)
    if not found:
        return None
    wanted = next_version(old.version, found[0].asks)
    is_enough = _numbers(new.version) >= _numbers(wanted)
    return None if is_enough else wanted


def lenient(contract: ExtractContract) -> ExtractContract:
    """Return a contract without its refusal threshold, to see every bad row."""
    anything = CustomProperty(property="refusalShare", value=1)
    properties = (anything, *contract.custom_properties)
    return contract.model_copy(update={"custom_properties": properties})


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
