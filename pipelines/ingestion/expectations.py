"""Let Great Expectations confirm the promises of a contract on what was landed.

Every row was already held to every rule while it was landed, by DuckDB; this is a
second opinion by a tool people know, and the only judge of rules that merely warn.
"""

import warnings
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data_contracts.contract import ExtractContract, Severity
from data_contracts.errors import ContractError
from pipelines.ingestion import standing
from pipelines.ingestion.casting import literal, name
from pipelines.ingestion.records import SCHEMA_FILE, raw_folder
from pipelines.settings import Settings

_MOST_ROWS = 100_000  # beyond it an even sample is judged, chosen by the keys' hash


@dataclass(frozen=True, slots=True)
class Promises:
    """Which promises the landed rows keep.

    ``results`` has one entry a promise: ``expectation``, ``column``, ``severity``,
    ``is_passed``, ``observed`` and ``description``. ``passed`` is false only where a
    promise of severity error is broken.
    """

    contract_id: str
    passed: bool
    rows: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)

    def raise_if_broken(self) -> None:
        """Raise where a promise of severity error is broken.

        Raises
        ------
        ContractError
            Naming every such promise.
        """
        broken = [
            f"{one['column'] or 'table'}: {one['expectation']} ({one['observed']})"
            for one in self.results
            if not one["is_passed"] and one["severity"] == Severity.ERROR
        ]
        if broken:
            raise ContractError(
                f"landed rows of {self.contract_id} break {'; '.join(broken)}",
                fix=f"see data_contracts/extracts/{self.contract_id}.yaml and the "
                "loads of the night: aop extracts list",
            )


@dataclass(frozen=True, slots=True)
class _Promise:
    expectation: str  # class name in great_expectations.expectations
    arguments: dict[str, Any]
    severity: Severity
    description: str
    column: str = ""


def check(contract: ExtractContract, night: date, settings: Settings) -> Promises:
    """Hold the rows landed last, on or before a night, to the contract's promises.

    Parameters
    ----------
    contract : ExtractContract
    night : date
    settings : Settings

    Returns
    -------
    Promises
        Empty and passed where nothing was landed.
    """
    landed = [
        path
        for path in sorted(raw_folder(contract, settings).glob("*.parquet"))
        if path.name != SCHEMA_FILE and path.stem <= night.isoformat()
    ]
    if not landed:
        return Promises(contract.id, passed=True)
    frame = _frame(contract, landed[-1])
    if frame.empty:
        return Promises(contract.id, passed=True)
    promised = _promises(contract)
    results = [
        {
            "expectation": promise.expectation,
            "column": promise.column,
            "severity": promise.severity.value,
            "is_passed": is_passed,
            "observed": observed,
            "description": promise.description,
        }
        for promise, (is_passed, observed) in zip(
            promised, _validated(contract, promised, frame), strict=True
        )
    ]
    broken = [
        f"{one['column'] or 'table'}: {one['observed']}"
        for one in results
        if not one["is_passed"] and one["severity"] == Severity.ERROR
    ]
    standing.record(contract, night, broken, settings, check=standing.PROMISES)
    return Promises(contract.id, passed=not broken, rows=len(frame), results=results)


def _rule_column(rule_name: str) -> str:
    return f"rule {rule_name}"


def _frame(contract: ExtractContract, path: Path) -> pd.DataFrame:
    """Read landed rows, with one column a row rule saying whether it holds."""
    keys = ", ".join(name(key) for key in contract.keys)
    rules = "".join(
        f", ({rule.implementation}) as {name(_rule_column(rule.name))}"
        for rule in contract.row_rules
    )
    columns = ", ".join(name(one.name) for one in contract.columns)
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"create view landed as from read_parquet({literal(str(path))}) "
            "where not _is_deleted"
        )
        counted = connection.execute("from landed select count(*)").fetchone()
        share = max(1, (counted[0] if counted else 0) // _MOST_ROWS)
        table = connection.execute(
            f"from landed select {columns}{rules} where hash({keys}) % {share} = 0"
        ).to_arrow_table()
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _promises(contract: ExtractContract) -> list[_Promise]:
    """Turn a contract into expectations, in the order of its columns."""
    error = Severity.ERROR
    columns = {"column_set": [one.name for one in contract.columns]}
    made = [
        _Promise(
            "ExpectTableColumnsToMatchSet",
            columns | {"exact_match": False},
            error,
            "Every column of the contract is there.",
        )
    ]
    keys = list(contract.keys)
    if len(keys) == 1:
        unique = _Promise(
            "ExpectColumnValuesToBeUnique", {"column": keys[0]}, error, "", keys[0]
        )
    else:
        unique = _Promise(
            "ExpectCompoundColumnsToBeUnique",
            {"column_list": keys},
            error,
            "",
            ", ".join(keys),
        )
    made.append(unique)
    for column in contract.columns:
        about = {"column": column.name}
        told = (error, column.description, column.name)
        options = column.logical_type_options
        if column.required:
            made.append(_Promise("ExpectColumnValuesToNotBeNull", about, *told))
        if options.minimum is not None or options.maximum is not None:
            bounds = {"min_value": options.minimum, "max_value": options.maximum}
            made.append(
                _Promise("ExpectColumnValuesToBeBetween", about | bounds, *told)
            )
        if column.allowed:
            words = {"value_set": list(column.allowed)}
            made.append(_Promise("ExpectColumnValuesToBeInSet", about | words, *told))
        if options.pattern is not None:
            pattern = {"regex": options.pattern}
            made.append(
                _Promise("ExpectColumnValuesToMatchRegex", about | pattern, *told)
            )
    made += [
        _Promise(
            "ExpectColumnValuesToBeInSet",
            {"column": _rule_column(rule.name), "value_set": [True]},
            rule.severity,
            rule.description,
            _rule_column(rule.name),
        )
        for rule in contract.row_rules
    ]
    return made


def _validated(
    contract: ExtractContract, promised: list[_Promise], frame: pd.DataFrame
) -> list[tuple[bool, str]]:
    """Return for each promise whether it holds and what was observed."""
    with warnings.catch_warnings():
        # importing it takes seconds and warns of modules its own makers have to leave
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        # T9: else it draws a progress bar for every validation
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        suite = gx.ExpectationSuite(name=contract.id)
        for place, promise in enumerate(promised):
            kind = getattr(gx.expectations, promise.expectation)
            suite.add_expectation(kind(**promise.arguments, meta={"place": place}))
        batch = (
            context.data_sources.add_pandas(contract.system)
            .add_dataframe_asset(contract.table)
            .add_batch_definition_whole_dataframe("landed")
            .get_batch({"dataframe": frame})
        )
        outcome = batch.validate(suite)
    told: dict[int, tuple[bool, str]] = {}
    for result in outcome.results:
        config = result.expectation_config
        place = int(config.meta["place"]) if config and config.meta else -1
        told[place] = bool(result.success), _observed(result.result)
    return [told[place] for place in range(len(promised))]


def _observed(result: dict[str, Any]) -> str:
    if "unexpected_count" in result:
        return f"{result['unexpected_count']} of {result['element_count']} rows differ"
    return str(result.get("observed_value", ""))[:200]
