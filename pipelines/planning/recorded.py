"""Keep what a version was computed from, and compute it again to compare.

Frames are stored once under their own hash, so a night that changes little adds
little; a version's list of them is a small JSON file.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.errors import HomeError
from data_contracts.plan import COMPONENTS, KEYS, Kind
from data_contracts.policy import CompanyPolicy
from pipelines.files import replacing, write_text
from pipelines.ledger.content import canonical, content_hash
from pipelines.ledger.overrides import Ask, Override
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.planning.computing import PlanInputs, compute, inputs_hash
from pipelines.planning.cycle import Content
from pipelines.planning.fingerprint import code_hash
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import Horizon
from pipelines.settings import Settings

SMALL_SHARE: Final = 1e-9
"""Relative difference of floats that two machines may show."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What came of computing a version again."""

    version: int
    is_same_bytes: bool  # the content hashes are equal
    is_same_meaning: bool  # every line is there, amounts within a cent
    is_same_code: bool
    differences: tuple[str, ...]


def keep_inputs(settings: Settings, version: int, inputs: PlanInputs) -> Path:
    """Store what a version was computed from; return the file that lists it."""
    kept: dict[str, Any] = {
        "facts": _kept_fields(settings, inputs.facts),
        "forecasts": _kept_fields(settings, inputs.forecasts),
        "plan": asdict(inputs.plan),
        "breach": asdict(inputs.breach) if inputs.breach else None,
        "parent": {
            name: _kept_frame(settings, frame)
            for name, frame in (inputs.parent or {}).items()
        },
        "kept": list(inputs.kept),
        "overrides": [asdict(each) for each in inputs.overrides],
        "told": [
            [number, part, _kept_frame(settings, frame)]
            for (number, part), frame in (inputs.told or {}).items()
        ],
    }
    listed = settings.inputs / f"{version}.json"
    text = json.dumps(kept, ensure_ascii=False, indent=1, default=_plain)
    write_text(text + "\n", listed)
    return listed


def read_inputs(settings: Settings, version: int) -> PlanInputs:
    """Return what a version was computed from.

    Raises
    ------
    HomeError
        If it was not recorded here, or a stored frame is gone or was altered.
    """
    listed = settings.inputs / f"{version}.json"
    if not listed.is_file():
        raise HomeError(
            f"what plan version {version} was computed from is not recorded in "
            f"{settings.inputs}",
            fix="check its digests only; versions proposed in this home from now on "
            "are recorded",
        )
    kept = json.loads(listed.read_text(encoding="utf-8"))
    plan, breach = kept["plan"], kept["breach"]
    return PlanInputs(
        facts=Facts(**_read_fields(settings, kept["facts"])),
        forecasts=Forecasts(**_read_fields(settings, kept["forecasts"])),
        plan=Horizon(**{name: _dates(value) for name, value in plan.items()}),
        breach=_breach(breach) if breach else None,
        parent={
            name: _frame(settings, sealed) for name, sealed in kept["parent"].items()
        }
        or None,
        kept=tuple(kept.get("kept", ())),
        overrides=tuple(_override(each) for each in kept["overrides"]),
        told={
            (number, part): _frame(settings, sealed)
            for number, part, sealed in kept["told"]
        },
    )


def recompute(settings: Settings, ledger: LedgerReader, version: int) -> Recomputed:
    """Compute a version again from its recorded inputs and compare.

    Returns
    -------
    Recomputed
        Same bytes on the same kind of machine and libraries; elsewhere the same
        meaning: every line there, amounts within a cent, shares within a billionth.

    Raises
    ------
    HomeError
        If the inputs are not recorded, or not those the version names.
    """
    plan = ledger.get(version)
    inputs = read_inputs(settings, version)
    _refuse_other_inputs(plan, inputs, _policy_hash(settings, version))
    again = canonical(compute(inputs).content)
    is_same = content_hash(again) == plan.content_hash
    differences = [] if is_same else _differences(ledger.content(version), again)
    return Recomputed(
        version=version,
        is_same_bytes=is_same,
        is_same_meaning=not differences,
        is_same_code=code_hash() == plan.code_hash,
        differences=tuple(differences),
    )


def _policy_hash(settings: Settings, version: int) -> str:
    listed = settings.inputs / f"{version}.json"
    facts = json.loads(listed.read_text(encoding="utf-8"))["facts"]
    return hashlib.sha256(facts["policy"]["policy"].encode()).hexdigest()


def _refuse_other_inputs(
    plan: PlanVersion, inputs: PlanInputs, policy_hash: str
) -> None:
    found = {
        "input": (inputs_hash(inputs), plan.input_hash),
        "policy": (policy_hash, plan.policy_hash),
    }
    for what, (now, then) in found.items():
        if now != then:
            raise HomeError(
                f"the recorded {what} of plan version {plan.version} is not what it "
                f"was made from: {now[:12]} instead of {then[:12]}",
                fix="restore the inputs folder from a backup",
            )


def _differences(was: Content, now: Content) -> list[str]:
    """Return one sentence per component that means something else."""
    found = []
    for component, kinds in COMPONENTS.items():
        keys = list(KEYS[component])
        both = (
            was[component]
            .with_columns(is_then=pl.lit(value=True))
            .join(
                now[component].with_columns(is_again=pl.lit(value=True)),
                on=keys,
                how="full",
                suffix="_now",
                coalesce=True,
            )
        )
        is_alone = pl.any_horizontal(pl.col("is_then", "is_again").is_null())
        differs = pl.any_horizontal(
            is_alone,
            *(_differs(name, kind) for name, kind in kinds.items() if name not in keys),
        )
        lines = both.filter(differs)
        found += [
            f"{component}: {lines.height} of {both.height} lines differ, e.g. "
            f"{', '.join(map(str, first))}"
            for first in lines.select(keys).head(1).iter_rows()
        ]
    return found


def _differs(name: str, kind: Kind) -> pl.Expr:
    old, new = pl.col(name), pl.col(f"{name}_now")
    if kind not in (Kind.SHARE, Kind.CENTS):
        return old.ne_missing(new)
    near = SMALL_SHARE * pl.max_horizontal(old.abs(), 1.0) if kind is Kind.SHARE else 1
    is_far = ((old - new).abs() > near).fill_null(value=False)
    return is_far | (old.is_null() != new.is_null())


def _kept_fields(settings: Settings, value: Facts | Forecasts) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for each in fields(value):
        part = getattr(value, each.name)
        if isinstance(part, pl.DataFrame):
            kept[each.name] = {"frame": _kept_frame(settings, part)}
        elif isinstance(part, CompanyPolicy):
            # the very text that was hashed: later releases know more keys
            kept[each.name] = {"policy": part.model_dump_json()}
        elif isinstance(part, date):
            kept[each.name] = {"date": part.isoformat()}
        else:
            kept[each.name] = {"value": part}
    return kept


def _read_fields(settings: Settings, kept: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Callable[[Any], Any]] = {
        "frame": lambda sealed: _frame(settings, sealed),
        "policy": CompanyPolicy.model_validate_json,
        "date": date.fromisoformat,
        "value": lambda value: value,
    }
    return {
        name: read[kind](value)
        for name, part in kept.items()
        for kind, value in part.items()
    }


def _kept_frame(settings: Settings, frame: pl.DataFrame) -> str:
    packed = io.BytesIO()
    frame.write_parquet(packed, compression="zstd", statistics=False)
    sealed = hashlib.sha256(packed.getvalue()).hexdigest()
    final = settings.inputs / "frames" / f"{sealed}.parquet"
    if not final.is_file():
        with replacing(final) as temporary:
            temporary.write_bytes(packed.getvalue())
    return sealed


def _frame(settings: Settings, sealed: str) -> pl.DataFrame:
    stored = settings.inputs / "frames" / f"{sealed}.parquet"
    content = stored.read_bytes() if stored.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sealed:
        raise HomeError(
            f"recorded input {stored} is gone or was altered",
            fix="restore the inputs folder from a backup",
        )
    return pl.read_parquet(io.BytesIO(content))


def _breach(kept: dict[str, Any]) -> Breach:
    return Breach(
        **{
            **kept,
            "metric": DriftMetric(kept["metric"]),
            "state": BreachState(kept["state"]),
            "first_seen_on": date.fromisoformat(kept["first_seen_on"]),
            "asks_for": tuple(kept["asks_for"]),
        }
    )


def _override(kept: dict[str, Any]) -> Override:
    return Override(
        **{
            **kept,
            "ask": Ask(kept["ask"]),
            "until": date.fromisoformat(kept["until"]),
        }
    )


def _dates(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(date.fromisoformat(day) for day in value)
    return date.fromisoformat(value)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be recorded")
