"""How foreign files become canonical columns: one YAML per source system.

A mapping renames, casts and derives; it decides nothing about planning.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data_contracts.contract import MAPPINGS, contract_ids
from data_contracts.errors import ContractError
from data_contracts.faults import faults_of


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Plain = str | bool | int | float | datetime | date  # what YAML makes of a bare value


class ColumnRecipe(_Part):
    """Where one canonical column comes from; exactly one of the first four.

    ``from`` is a header (or a dotted path in JSON lines), ``coalesce`` takes the first
    header that is filled, ``constant`` is the same for every row, and ``sql`` is a
    DuckDB expression over the file's headers. The rest change the text in this order:
    ``strip``, ``decimal``, ``values``, then ``format``, ``timezone`` or ``unit``: from
    ``minor`` units, from an epoch, from a ``share`` to percent or from ``percent`` to a
    share.
    """

    source: str | None = Field(None, alias="from")
    coalesce: tuple[str, ...] = ()
    constant: Plain | None = None
    sql: str | None = None
    strip: str = ""
    decimal: Literal[".", ","] = "."
    values: dict[str, Plain | None] = {}
    format: str | None = None
    timezone: str | None = None
    unit: (
        Literal["minor", "epoch_seconds", "epoch_milliseconds", "share", "percent"]
        | None
    ) = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        given = (self.source, self.coalesce or None, self.constant, self.sql)
        if sum(one is not None for one in given) != 1:
            raise ValueError("give exactly one of from, coalesce, constant, sql")
        if self.sql is not None and not _is_one_expression(self.sql):
            raise ValueError(
                f"sql is not one expression: {self.sql!r}; its quotes and parentheses "
                "must close, without semicolons or comments"
            )
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers the column reads, for checking that the file has them."""
        return (self.source,) if self.source is not None else self.coalesce


def _is_one_expression(sql: str) -> bool:
    """Tell whether SQL can stand inside parentheses without breaking out of them."""
    depth, quote = 0, ""
    for letter, following in zip(sql, [*sql[1:], ""], strict=True):
        if quote:
            quote = "" if letter == quote else quote  # a doubled one opens it anew
        elif letter in "'\"":
            quote = letter
        elif letter == ";" or letter + following in ("--", "/*"):
            return False
        else:
            depth += (letter == "(") - (letter == ")")
            if depth < 0:
                return False
    return depth == 0 and not quote


class ContractRecipe(_Part):
    """How one contract is filled: columns of one file, or SQL over several.

    ``file`` names an entry of the mapping's files; with ``sql`` it is the one whose
    rows the answer follows, and ``_line`` may be selected from it. Columns that a file
    may lack are ``optional`` there; SQL then finds them empty.
    """

    file: str
    columns: dict[str, ColumnRecipe] = {}
    sql: str | None = None
    optional: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, values: object) -> object:
        # `user_id: Id` is short for `user_id: {from: Id}`
        if isinstance(values, dict) and isinstance(values.get("columns"), dict):
            columns = {
                name: {"from": recipe} if isinstance(recipe, str) else recipe
                for name, recipe in values["columns"].items()
            }
            return {**values, "columns": columns}
        return values

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if bool(self.columns) == (self.sql is not None):
            raise ValueError("give either columns or sql")
        if self.optional and self.sql is None:
            raise ValueError("optional is for sql; other columns may be absent anyway")
        return self


class Mapping(_Part):
    """A source system's files and how they fill the contracts."""

    name: str
    description: str
    files: dict[str, str]
    contracts: dict[str, ContractRecipe]
    nulls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for contract_id, recipe in self.contracts.items():
            if contract_id not in contract_ids():
                raise ValueError(f"there is no contract {contract_id!r}")
            if recipe.file not in self.files:
                raise ValueError(
                    f"{contract_id} reads file {recipe.file!r}, but files has only "
                    f"{', '.join(sorted(self.files))}"
                )
            if unknown := recipe.optional.keys() - self.files.keys():
                raise ValueError(
                    f"{contract_id} has optional columns of {min(unknown)!r}, but "
                    f"files has only {', '.join(sorted(self.files))}"
                )
        return self


def mapping_names() -> list[str]:
    """List the ready-made mappings, sorted."""
    return sorted(path.stem for path in MAPPINGS.glob("*.yaml"))


def load_mapping(name: str, home: Path) -> Mapping:
    """Read a ready-made mapping by name, or a mapping file by path from the home.

    Raises
    ------
    ContractError
        If there is no such mapping, or it breaks a rule.
    """
    path = MAPPINGS / f"{name}.yaml"
    if name not in mapping_names():
        path = home / name
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ContractError(
            f"mapping {name!r} is neither ready-made nor a file at {path}",
            fix=f"name one of {', '.join(mapping_names())} in sources.yaml, or a path",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(
            f"mapping {path} is not YAML: {error}", fix=f"mend {path.name} there"
        ) from error
    except ValidationError as error:
        faults = "\n  ".join(faults_of(error, "the mapping"))
        raise ContractError(
            f"mapping {path} breaks its rules:\n  {faults}",
            fix=f"mend these keys of {path.name}",
        ) from error
