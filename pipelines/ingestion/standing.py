"""Which inputs stand: what was refused last, and which contract was kept when.

A refused input leaves yesterday's rows in place; what is built on them is stale, not
wrong, and whoever publishes has to know.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from data_contracts.changes import Raise, changes, version_to_raise
from data_contracts.contract import ExtractContract, all_contracts
from data_contracts.errors import ContractError
from pipelines.files import write_text
from pipelines.ingestion.records import read_loads
from pipelines.settings import Settings

CONTRACT: Final = "contract"  # a delivery was refused
PROMISES: Final = "promises"  # landed rows break a promise of severity error


@dataclass(frozen=True, slots=True)
class StaleInput:
    """One input whose last delivery does not count.

    ``night`` is the night it failed, ``good_until`` the last night whose rows serve on,
    None where there is none; ``check`` names the failed asset check.
    """

    contract: str
    check: str
    night: date
    good_until: date | None
    reason: str


def record(
    contract: ExtractContract,
    night: date,
    reasons: list[str],
    settings: Settings,
    *,
    check: str = CONTRACT,
) -> None:
    """Remember why an input does not stand on a night, or that it does.

    Parameters
    ----------
    contract : ExtractContract
    night : date
    reasons : list of str
        Empty where it stands; what was remembered of it is then forgotten.
    settings : Settings
    check : str
        ``contract`` or ``promises``.
    """
    path = _folder(settings) / f"{contract.id}.{check}.json"
    if not reasons:
        path.unlink(missing_ok=True)
        return
    told = {"night": night.isoformat(), "reason": "; ".join(reasons)}
    write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", path)


def stale_inputs(settings: Settings) -> list[StaleInput]:
    """List the inputs whose last delivery failed a check of severity error.

    Returns
    -------
    list of StaleInput
        By contract and check; empty where every input stands.
    """
    found = []
    for contract in all_contracts():
        for check in (CONTRACT, PROMISES):
            path = _folder(settings) / f"{contract.id}.{check}.json"
            if not path.is_file():
                continue
            told = json.loads(path.read_text(encoding="utf-8"))
            good = [
                day
                for day, loads in read_loads(contract, settings).items()
                if not any(load.is_refused for load in loads)
            ]
            found.append(
                StaleInput(
                    contract=contract.id,
                    check=check,
                    night=date.fromisoformat(told["night"]),
                    good_until=max(good, default=None),
                    reason=told["reason"],
                )
            )
    return found


def as_rows(stale: list[StaleInput]) -> list[dict[str, object]]:
    """Return stale inputs as rows for tables and JSON."""
    return [asdict(one) for one in stale]


def hold_to_version(contract: ExtractContract, settings: Settings) -> None:
    """Refuse a contract whose types or meanings changed under the same major version.

    Raises
    ------
    ContractError
        Naming what changed since it was last loaded, and the version to raise it to.
    """
    path = _kept(contract, settings)
    if not path.is_file():
        return
    old = ExtractContract.model_validate_json(path.read_text(encoding="utf-8"))
    graver = [one for one in changes(old, contract) if one.asks is Raise.MAJOR]
    wanted = version_to_raise(old, contract)
    if graver and wanted is not None:
        raise ContractError(
            f"contract {contract.id} {contract.version} is not what was loaded as "
            f"{old.version}: {'; '.join(one.what for one in graver)}",
            fix=f"raise its version to {wanted} in "
            f"data_contracts/extracts/{contract.id}.yaml, or take the change back",
        )


def keep_version(contract: ExtractContract, settings: Settings) -> None:
    """Remember the contract that rows were loaded under."""
    path = _kept(contract, settings)
    text = contract.model_dump_json(by_alias=True, indent=1) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(text, path)


def vanished(
    contract: ExtractContract, shown: str, *, gone: int, left: int
) -> ContractError | None:
    """Return the refusal of a full delivery that lacks too much of what is known.

    Parameters
    ----------
    contract : ExtractContract
        Its ``vanish_share`` and ``vanish_count`` say how much is too much.
    shown : str
        The delivery, for the message.
    gone, left : int
        Rows known that it lacks, and rows it holds.
    """
    known = gone + left
    if gone <= contract.vanish_count or gone <= contract.vanish_share * known:
        return None
    return ContractError(
        f"{shown} holds {left:,} rows and lacks {gone:,} that were known before: it "
        "looks cut short",
        fix="export it whole again; if they are truly gone, set vanishShare to 1 for "
        f"that night in data_contracts/extracts/{contract.id}.yaml",
    )


def _folder(settings: Settings) -> Path:
    return settings.raw / "quality" / "stale"


def _kept(contract: ExtractContract, settings: Settings) -> Path:
    return settings.raw / "quality" / "contracts" / f"{contract.id}.json"
