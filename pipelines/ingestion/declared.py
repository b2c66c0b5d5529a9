"""What sources.yaml declares: folders, remote places and live connectors.

It says where files come from and how they are read; finding them is for `sources`.
"""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from data_contracts.errors import HomeError
from data_contracts.faults import faults_of
from pipelines.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_TAKEN = {"crm", "hris", "billing", "finance"}  # landing/<system> is theirs
Connector = Literal["salesforce", "stripe", "bamboohr"]


class Source(BaseModel):
    """One place extracts come from and how to read them.

    ``folder`` is local; ``url`` alone is any place fsspec reads, copied to landing
    first; ``connector`` is a live system, ``url`` then its address where it has one of
    its own. Credentials stand in the environment, never here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    folder: str | None = None
    url: str | None = None
    connector: Connector | None = None
    layout: Literal["by_contract"] | None = None
    mapping: str | None = None
    extracted_on: date | None = None
    delivery: Literal["full", "changes"] = "full"

    @model_validator(mode="before")
    @classmethod
    def _with_names(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        if connector := values.get("connector"):
            return {"name": connector, "mapping": connector, **values}
        if folder := values.get("folder"):
            mapping = values.get("mapping")
            return {"name": f"{folder} as {mapping}" if mapping else folder, **values}
        return values

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.folder is None) == (self.url is None and self.connector is None):
            raise ValueError("give one of folder: PATH, url: URL or connector: NAME")
        if (self.layout is None) == (self.mapping is None):
            raise ValueError("give either layout: by_contract or mapping: NAME")
        if self.folder is None and not _NAME.fullmatch(self.name):
            raise ValueError(
                "give name: of small letters, digits, - and _; its files are kept in "
                "landing/<name>/"
            )
        if self.folder is None and self.name in _TAKEN:
            raise ValueError(f"name {self.name} is a system's own folder in landing")
        if self.url is not None and urlsplit(self.url).password is not None:
            raise ValueError(
                "the url holds a password; credentials stand in the environment alone"
            )
        return self

    @property
    def is_fetched(self) -> bool:
        """Whether its files are brought to landing before they are read."""
        return self.folder is None

    def place(self, settings: Settings) -> Path:
        """Return the local folder its files are read from."""
        if self.folder is None:
            return settings.landing / self.name
        return settings.home / self.folder


class _Sources(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: tuple[Source, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        for name, count in Counter(one.name for one in self.sources).items():
            if count > 1:
                raise ValueError(
                    f"{count} sources are called {name!r}; give each its own name:"
                )
        return self


def load_sources(settings: Settings) -> tuple[Source, ...]:
    """Read sources.yaml of the home; without one, landing is read by contract.

    Raises
    ------
    HomeError
        If the file is not YAML or breaks a rule.
    """
    path = settings.sources_file
    if not path.is_file():
        return (Source(folder="landing", layout="by_contract"),)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _Sources.model_validate(values).sources
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HomeError(
            f"sources file {path} is not YAML: {error}", fix=f"mend {path.name} there"
        ) from error
    except ValidationError as error:
        faults = "\n  ".join(faults_of(error, "the sources"))
        raise HomeError(
            f"sources file {path} breaks its rules:\n  {faults}",
            fix=f"mend these keys of {path.name}",
        ) from error
