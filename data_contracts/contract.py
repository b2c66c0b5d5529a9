"""What an extract must look like: a typed subset of the Open Data Contract Standard.

Holds promises only; ``pipelines.ingestion`` holds files to them.
"""

from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from data_contracts.errors import ContractError
from data_contracts.faults import faults_of

EXTRACTS = Path(__file__).parent / "extracts"
MAPPINGS = Path(__file__).parent / "mappings"


class ColumnType(StrEnum):
    """The seven kinds of value an extract may hold."""

    STRING = "string"
    MONEY = "money"
    DOUBLE = "double"
    INTEGER = "integer"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"

    @property
    def physical(self) -> str:
        """The SQL type of the column in raw Parquet; timestamps are UTC."""
        return _PHYSICAL[self]


_PHYSICAL = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.MONEY: "DECIMAL(18,4)",
    ColumnType.DOUBLE: "DOUBLE",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP",
    ColumnType.BOOLEAN: "BOOLEAN",
}


class Severity(StrEnum):
    """What a broken rule does: refuse the row or file, or only tell."""

    ERROR = "error"
    WARNING = "warning"


class _Part(BaseModel):
    # Contracts are written by people: an unknown key is a typing mistake, never extra.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        ignored_types=(cached_property,),
    )


class CustomProperty(_Part):
    """A named value beyond the standard: unit, isOptional or withoutIt."""

    property: str
    value: str | bool | int | float


class Rule(_Part):
    """One promise beyond types: a row count, a list of values, or a row predicate.

    A row predicate is a SQL expression over the contract's typed columns; a row
    breaks it when it is false, never when it is null.
    """

    name: str = ""
    description: str
    severity: Severity = Severity.ERROR
    dimension: str | None = None
    type: Literal["library", "custom"] = "library"
    metric: Literal["rowCount", "invalidValues"] | None = None
    arguments: dict[str, tuple[str, ...]] = {}
    engine: Literal["duckdb"] | None = None
    implementation: str | None = None
    must_be: int | None = None
    must_be_greater_than: int | None = None
    must_be_less_than: int | None = None
    must_be_between: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.type == "custom") != (self.implementation is not None):
            raise ValueError("a custom rule needs implementation, and only it")
        if self.type == "custom" and not self.name:
            raise ValueError("a custom rule needs a name: it is shown in quarantine")
        if self.type == "library" and self.metric is None:
            raise ValueError("a library rule needs metric: rowCount or invalidValues")
        return self


class _Options(_Part):
    minimum: float | str | None = None
    maximum: float | str | None = None
    pattern: str | None = None
    max_length: int | None = None


class Column(_Part):
    """One canonical column: its type, its meaning and what its values may be."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    description: Annotated[str, StringConstraints(min_length=5)]
    logical_type: Literal["string", "number", "integer", "date", "timestamp", "boolean"]
    physical_type: Literal["DOUBLE", "DECIMAL(18,4)"] | None = None
    required: bool = False
    unique: bool = False
    primary_key: bool = False
    primary_key_position: int = -1
    classification: Literal["internal", "personal", "pay"] = "internal"
    logical_type_options: _Options = _Options()
    quality: tuple[Rule, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()
    examples: tuple[Any, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.logical_type == "number") != (self.physical_type is not None):
            raise ValueError(
                f"column {self.name!r}: a number says physicalType DOUBLE or "
                "DECIMAL(18,4), and nothing else does"
            )
        if self.primary_key and not self.required:
            raise ValueError(f"column {self.name!r}: a key column must be required")
        return self

    @property
    def type(self) -> ColumnType:
        """The kind of value, money told apart from other numbers."""
        if self.logical_type == "number":
            is_money = self.physical_type == "DECIMAL(18,4)"
            return ColumnType.MONEY if is_money else ColumnType.DOUBLE
        return ColumnType(self.logical_type)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The only values the column may hold; empty when any value may stand."""
        lists = [rule.arguments.get("validValues", ()) for rule in self.quality]
        return tuple(value for values in lists for value in values)

    @property
    def unit(self) -> str:
        """The unit of the values, or nothing."""
        return str(_custom(self.custom_properties, "unit") or "")

    @property
    def without_it(self) -> str:
        """What cannot be computed where the column is never filled, or nothing."""
        return str(_custom(self.custom_properties, "withoutIt") or "")


class _Description(_Part):
    purpose: str
    limitations: str
    usage: str | None = None


class _Schema(_Part):
    name: str
    physical_type: Literal["file"]
    data_granularity_description: str
    properties: tuple[Column, ...]
    quality: tuple[Rule, ...] = ()


class _Sla(_Part):
    property: Literal["frequency", "latency"]
    value: int
    unit: Literal["d"]


class ExtractContract(_Part):
    """The contract of one extract: one table of one source system.

    ``crm-opportunity-history`` is system ``crm``, table ``opportunity_history``.
    """

    api_version: Literal["v3.1.0"]
    kind: Literal["DataContract"]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)+$")]
    name: str
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    status: Literal["draft", "active", "deprecated"]
    domain: str
    description: _Description
    schema_: Annotated[
        tuple[_Schema, ...], Field(alias="schema", min_length=1, max_length=1)
    ]
    sla_properties: tuple[_Sla, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.domain != self.system:
            raise ValueError(f"domain {self.domain!r} is not {self.system!r} as in id")
        if self.schema_[0].name != f"{self.system}_{self.table}":
            raise ValueError(f"schema name must be {self.system}_{self.table}")
        names = [column.name for column in self.columns]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"column {min(twice)!r} is given twice")
        if not self.keys:
            raise ValueError("no column has primaryKey: true")
        if self.is_optional and not self.without_it:
            raise ValueError("an optional extract must say withoutIt")
        return self

    @property
    def system(self) -> str:
        """The source system: crm, hris or billing."""
        return self.id.split("-", maxsplit=1)[0]

    @property
    def table(self) -> str:
        """The table within its system, as in paths and SQL."""
        return self.id.split("-", maxsplit=1)[1].replace("-", "_")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every canonical column, in order."""
        return self.schema_[0].properties

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns that identify a row, in key order."""
        chosen = [column for column in self.columns if column.primary_key]
        chosen.sort(key=lambda column: column.primary_key_position)
        return tuple(column.name for column in chosen)

    @property
    def grain(self) -> str:
        """What one row is."""
        return self.schema_[0].data_granularity_description

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """Predicates over whole rows, of every severity."""
        return tuple(r for r in self.schema_[0].quality if r.type == "custom")

    @property
    def table_rules(self) -> tuple[Rule, ...]:
        """Promises about the file as a whole, such as its row count."""
        return tuple(r for r in self.schema_[0].quality if r.type == "library")

    @property
    def may_be_empty(self) -> bool:
        """Whether a delivery without any row is believable."""
        return not any(
            rule.metric == "rowCount" and rule.severity is Severity.ERROR
            for rule in self.table_rules
        )

    @property
    def is_optional(self) -> bool:
        """Whether a company may run without this extract."""
        return bool(_custom(self.custom_properties, "isOptional"))

    @property
    def without_it(self) -> str:
        """What cannot be computed without this extract, or nothing."""
        return str(_custom(self.custom_properties, "withoutIt") or "")

    @property
    def refusal_share(self) -> float:
        """Share of bad rows above which the whole file is refused, 0 to 1."""
        share = _custom(self.custom_properties, "refusalShare")
        return 0.5 if share is None else float(share)

    @property
    def vanish_share(self) -> float:
        """Share of the known rows a full delivery may lack, 0 to 1; more is refused."""
        # an export cut short looks like a company that lost its customers overnight
        share = _custom(self.custom_properties, "vanishShare")
        usual = 1.0 if self.is_optional else 0.5  # histories may be cut on purpose
        return usual if share is None else float(share)

    @property
    def vanish_count(self) -> int:
        """Rows that may always be missing, whatever their share."""
        count = _custom(self.custom_properties, "vanishCount")
        return 100 if count is None else int(count)

    @property
    def frequency_days(self) -> int:
        """Days between two deliveries, 1 where the contract does not say."""
        return self._promised("frequency", 1)

    @property
    def late_after_days(self) -> int:
        """Days after the last delivery from which the next one is late."""
        return self.frequency_days + self._promised("latency", 0)

    def _promised(self, what: str, usual: int) -> int:
        told = (one.value for one in self.sla_properties if one.property == what)
        return next(told, usual)

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises
        ------
        KeyError
            If the contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _custom(
    properties: tuple[CustomProperty, ...], name: str
) -> str | bool | int | float | None:
    return next((one.value for one in properties if one.property == name), None)


def load_contract(path: Path) -> ExtractContract:
    """Read and check one contract file.

    Raises
    ------
    ContractError
        If the file is missing, is not YAML, or departs from the standard's subset.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContractError(
            f"contract {path} cannot be read: {error.strerror}",
            fix=f"put it back, or use one of: {', '.join(contract_ids())}",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(
            f"contract {path} is not YAML: {error}", fix=f"mend {path.name} there"
        ) from error
    except ValidationError as error:
        faults = "\n  ".join(faults_of(error, "the contract"))
        raise ContractError(
            f"contract {path} breaks the standard:\n  {faults}",
            fix=f"mend these keys of {path.name}",
        ) from error


@cache  # a night reads each contract many times, and reading YAML is slow
def _parsed(text: str) -> ExtractContract:
    return ExtractContract.model_validate(yaml.safe_load(text))


def contract_ids() -> list[str]:
    """List the ids of every contract on file, sorted."""
    return sorted(path.stem for path in EXTRACTS.glob("*.yaml"))


def all_contracts() -> tuple[ExtractContract, ...]:
    """Read every contract on file, in order of id."""
    return tuple(load_contract(EXTRACTS / f"{one}.yaml") for one in contract_ids())


def contract(contract_id: str) -> ExtractContract:
    """Return the contract of that id.

    Raises
    ------
    ContractError
        If no contract has that id.

    Examples
    --------
    >>> contract("crm-opportunities").keys
    ('opportunity_id',)
    """
    if contract_id not in contract_ids():
        raise ContractError(
            f"there is no contract {contract_id!r}",
            fix=f"use one of: {', '.join(contract_ids())}",
        )
    return load_contract(EXTRACTS / f"{contract_id}.yaml")
