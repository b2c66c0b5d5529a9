"""One page per extract contract: ``python -m data_contracts.pages docs/contracts``.

Renders what the contract says and nothing else; a test keeps the pages current.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from data_contracts.contract import (
    Column,
    ExtractContract,
    Rule,
    all_contracts,
)
from data_contracts.errors import AopError

_MADE = "<!-- made by `python -m data_contracts.pages docs/contracts`; do not edit -->"
_SIGNS = (
    ("must_be", "exactly"),
    ("must_be_greater_than", "more than"),
    ("must_be_less_than", "fewer than"),
)


def page(contract: ExtractContract) -> str:
    """Return one contract as a page of Markdown.

    Parameters
    ----------
    contract : ExtractContract

    Returns
    -------
    str
        Purpose, limits, grain, every column with type, unit and meaning, every rule
        with what breaking it does, freshness and volume bounds.

    Examples
    --------
    >>> from data_contracts.contract import contract
    >>> page(contract("crm-users")).splitlines()[2]
    '# CRM users'
    """
    about = contract.description
    need = (
        f"Optional. Not computed without it: {contract.without_it}."
        if contract.is_optional
        else "Required: no night runs without it."
    )
    lines = [
        _MADE,
        "",
        f"# {contract.name}",
        "",
        f"`{contract.id}` version {contract.version} ({contract.status}), delivered to "
        f"`landing/{contract.system}/{contract.table}/`. {need}",
        "",
        about.purpose,
        "",
        f"**Limits.** {about.limitations}",
        "",
        f"**Grain.** {contract.grain} "
        f"Key: {', '.join(f'`{key}`' for key in contract.keys)}.",
        "",
        "## Columns",
        "",
        "| Column | Type | Unit | Class | Meaning |",
        "|---|---|---|---|---|",
        *(_column(column) for column in contract.columns),
        "",
        "## Rules",
        "",
        "A row that breaks a rule of severity error goes to quarantine whole; a "
        "warning is only told.",
        "",
        "| Rule | Of | Severity | Why |",
        "|---|---|---|---|",
        *_rules(contract),
        "",
        "## Freshness and volume",
        "",
        *(f"- {line}" for line in _bounds(contract)),
    ]
    return "\n".join(lines) + "\n"


def index(contracts: Sequence[ExtractContract]) -> str:
    """Return the page that lists the contracts, in order of id."""
    lines = [
        _MADE,
        "",
        "# Extract contracts",
        "",
        "What each extract must look like. Hold a file to one before it is loaded: "
        "`aop extracts check FILE --contract ID`.",
        "",
        "| Contract | Version | Grain | Not computed without it |",
        "|---|---|---|---|",
    ]
    for one in sorted(contracts, key=lambda each: each.id):
        lost = one.without_it if one.is_optional else "anything: no night runs"
        link = f"[{one.id}]({one.id}.md)"
        lines.append(_row(link, one.version, one.grain, lost))
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return every page by file name."""
    contracts = all_contracts()
    return {"index.md": index(contracts)} | {
        f"{one.id}.md": page(one) for one in contracts
    }


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _column(column: Column) -> str:
    kind = column.type.physical
    marks = [
        word
        for word, is_so in (
            ("key", column.primary_key),
            ("required", column.required and not column.primary_key),
        )
        if is_so
    ]
    meaning = " ".join(column.description.split())
    if column.without_it:
        meaning += f" Not computed where it is never filled: {column.without_it}."
    return _row(
        f"`{column.name}`" + (f" ({', '.join(marks)})" if marks else ""),
        kind,
        column.unit or "–",
        column.classification,
        meaning,
    )


def _rules(contract: ExtractContract) -> list[str]:
    found = [
        _row("unique", ", ".join(f"`{key}`" for key in contract.keys), "error",
             "Of rows with one key the last stands; the others are refused.")
    ]  # fmt: skip
    for column in contract.columns:
        options = column.logical_type_options
        told = [
            (f"at least {_number(options.minimum)}", options.minimum is not None),
            (f"at most {_number(options.maximum)}", options.maximum is not None),
            (f"matches `{options.pattern}`", options.pattern is not None),
            (f"at most {options.max_length} letters", options.max_length is not None),
            (f"one of {', '.join(column.allowed)}", bool(column.allowed)),
        ]
        found += [
            _row(rule, f"`{column.name}`", "error", "The value cannot be meant.")
            for rule, is_so in told
            if is_so
        ]
    found += [
        _row(rule.name, "row", rule.severity.value, rule.description)
        for rule in contract.row_rules
    ]
    return found


def _bounds(contract: ExtractContract) -> list[str]:
    told = [
        f"{_said(rule)} ({rule.severity.value}): {rule.description}"
        for rule in contract.table_rules
    ]
    if contract.may_be_empty:
        told.append("A file without rows is believed.")
    told.append(
        f"Refused whole where more than {contract.refusal_share:.0%} of its rows break "
        "a rule."
    )
    if contract.vanish_share < 1:
        told.append(
            f"Refused whole where a full delivery lacks more than "
            f"{contract.vanish_share:.0%} of the rows known, and more than "
            f"{contract.vanish_count} of them."
        )
    told.append(
        f"Delivered every {_days(contract.frequency_days)}; late after "
        f"{_days(contract.late_after_days)}."
    )
    return told


def _said(rule: Rule) -> str:
    if rule.must_be_between is not None:
        low, high = rule.must_be_between
        return f"Rows: {low} to {high}"
    for field, words in _SIGNS:
        bound = getattr(rule, field)
        if bound is not None:
            return f"Rows: {words} {bound}"
    return "Rows"


def _number(bound: float | str | None) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _days(count: int) -> str:
    return "day" if count == 1 else f"{count} days"


def main(arguments: Sequence[str]) -> int:
    """Write the pages into a folder and drop those of contracts that are gone."""
    if len(arguments) != 1:
        sys.stderr.write("aop: name the folder: python -m data_contracts.pages DIR\n")
        return 2
    folder = Path(arguments[0])
    try:
        wanted = pages()
    except AopError as error:
        sys.stderr.write(f"aop: {error}\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in wanted and old.read_text("utf-8").startswith(_MADE):
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} pages in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
