"""Which files belong to which contract and which night; reads sources.yaml."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from data_contracts.contract import ExtractContract, all_contracts, contract_ids
from data_contracts.errors import ContractError, HomeError
from data_contracts.faults import faults_of
from pipelines.ingestion.mapping import ContractRecipe, Mapping, load_mapping
from pipelines.settings import Settings

_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_UNFINISHED = {".part", ".tmp", ".crdownload"}


class Source(BaseModel):
    """One folder of extracts and how to read it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str
    layout: Literal["by_contract"] | None = None
    mapping: str | None = None
    extracted_on: date | None = None
    delivery: Literal["full", "changes"] = "full"

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.layout is None) == (self.mapping is None):
            raise ValueError("give either layout: by_contract or mapping: NAME")
        return self


class _Sources(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One delivered file: where it is, how it is shown, and its mapping name."""

    path: Path
    shown: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything delivered for one contract on one night.

    ``is_full`` says that a key the files do not hold no longer exists;
    ``mapping`` and ``recipe`` are None where the files are canonical already.
    """

    contract_id: str
    known_on: date
    files: tuple[SourceFile, ...]
    is_full: bool
    is_dated: bool
    mapping: Mapping | None = None
    recipe: ContractRecipe | None = None


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


def deliveries(
    contract: ExtractContract, night: date, settings: Settings
) -> list[Delivery]:
    """List what has been delivered for a contract up to a night, oldest first.

    Parameters
    ----------
    contract : ExtractContract
    night : date
        Files dated later are not listed; undated files count as taken on their
        source's ``extracted_on``, else on this night.
    settings : Settings

    Raises
    ------
    HomeError
        If a source folder is missing, or two sources feed the same contract.
    """
    every = _all_deliveries(contract, night, settings)
    return [delivery for delivery in every if delivery.known_on <= night]


def _all_deliveries(
    contract: ExtractContract, night: date, settings: Settings
) -> list[Delivery]:
    feeding: list[list[Delivery]] = []
    for source in load_sources(settings):
        folder = settings.home / source.folder
        if source.layout is None and not folder.is_dir():
            raise HomeError(
                f"source folder {folder} does not exist",
                fix=f"put it back, or mend folder in {settings.sources_file}",
            )
        found = (
            _by_contract(contract, source, folder, night)
            if source.layout
            else _by_mapping(contract, source, folder, night, settings)
        )
        if found:
            feeding.append(found)
    if len(feeding) > 1:
        first, second = (found[0].files[0].path for found in feeding[:2])
        raise HomeError(
            f"two sources feed {contract.id}: {first} and {second}",
            fix=f"keep one of them in {settings.sources_file}",
        )
    return sorted(feeding[0], key=lambda one: one.known_on) if feeding else []


def _by_contract(
    contract: ExtractContract, source: Source, folder: Path, night: date
) -> list[Delivery]:
    place = folder / contract.system / contract.table
    nights: dict[date, list[SourceFile]] = {}
    dated: set[date] = set()
    for path in _files(place):
        shown = path.relative_to(folder).as_posix()
        day = _day(shown)
        if day is not None:
            dated.add(day)
        taken = day or source.extracted_on or night
        nights.setdefault(taken, []).append(SourceFile(path, shown))
    return [
        Delivery(
            contract_id=contract.id,
            known_on=day,
            files=tuple(files),
            is_full=source.delivery == "full",
            is_dated=day in dated or source.extracted_on is not None,
        )
        for day, files in nights.items()
    ]


def _by_mapping(
    contract: ExtractContract,
    source: Source,
    folder: Path,
    night: date,
    settings: Settings,
) -> list[Delivery]:
    mapping = load_mapping(source.mapping or "", settings.home)
    recipe = mapping.contracts.get(contract.id)
    if recipe is None:
        return []
    found: dict[str, dict[date | None, list[SourceFile]]] = {}
    for name, pattern in sorted(mapping.files.items()):
        if recipe.sql is None and name != recipe.file:
            continue
        for path in sorted(folder.glob(pattern)):
            shown = path.relative_to(folder).as_posix()
            by_day = found.setdefault(name, {})
            by_day.setdefault(_day(shown), []).append(SourceFile(path, shown, name))
    leading = found.get(recipe.file)
    if not leading:
        return []
    made = []
    for day in sorted(leading, key=lambda one: one or date.min):
        taken = day or source.extracted_on or night
        files = [
            file
            for by_day in found.values()
            for file in _newest(by_day, taken)  # the other files as they then stood
        ]
        made.append(
            Delivery(
                contract_id=contract.id,
                known_on=taken,
                files=tuple(files),
                is_full=source.delivery == "full",
                is_dated=day is not None or source.extracted_on is not None,
                mapping=mapping,
                recipe=recipe,
            )
        )
    return made


def _newest(
    by_day: dict[date | None, list[SourceFile]], taken: date
) -> list[SourceFile]:
    days = [day for day in by_day if day is not None and day <= taken]
    if days:
        return by_day[max(days)]
    return by_day.get(None, [])


def _files(place: Path) -> list[Path]:
    return sorted(
        path
        for path in place.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(place).parts)
        and path.suffix not in _UNFINISHED
    )


def _day(shown: str) -> date | None:
    """Find the night a path was delivered on; the last date in it counts."""
    for year, month, day in reversed(_DAY.findall(shown)):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def extract_dates(settings: Settings, night: date) -> dict[str, tuple[date, date]]:
    """Return the oldest and the newest extract date of each contract that has files.

    Later nights count too, so that a night before the first extract can be told apart
    from an empty landing folder.
    """
    found = {}
    for contract in all_contracts():
        days = [one.known_on for one in _all_deliveries(contract, night, settings)]
        if days:
            found[contract.id] = (min(days), max(days))
    return found


def data_through(settings: Settings, night: date) -> date:
    """Return the last day fully covered by the extracts: the newest date known.

    Raises
    ------
    HomeError
        If nothing was delivered, or everything is dated after the night.
    """
    check_night(settings, night)
    known = [
        one.known_on
        for contract in all_contracts()
        for one in deliveries(contract, night, settings)
    ]
    return max(known)


def check_night(settings: Settings, night: date) -> None:
    """Hold a night to what has been delivered, before anything is written.

    Raises
    ------
    HomeError
        If no source holds any file, or the night lies before the first extract.
    ContractError
        If a required extract has no file at all.
    """
    dates = extract_dates(settings, night)
    places = ", ".join(
        str(settings.home / source.folder) for source in load_sources(settings)
    )
    if not dates:
        raise HomeError(
            f"there is no extract in {places}",
            fix="put files into landing/<system>/<table>/, or try: aop demo",
        )
    first = min(oldest for oldest, _ in dates.values())
    if night < first:
        raise HomeError(
            f"night {night} lies before the first extract, taken on {first}",
            fix=f"choose a later night: aop refresh --as-of {first}",
        )
    for contract in all_contracts():
        if not contract.is_optional and contract.id not in dates:
            raise ContractError(
                f"no file for {contract.id}, which every plan needs, in {places}",
                fix=f"export it to landing/{contract.system}/{contract.table}/, "
                "or map a file to it in sources.yaml",
            )


def unclaimed(settings: Settings) -> list[str]:
    """List files in by-contract folders that no contract reads, as shown paths."""
    known = {tuple(one.split("-", maxsplit=1)) for one in contract_ids()}
    stray = []
    for source in load_sources(settings):
        folder = settings.home / source.folder
        if source.layout is None:
            continue
        for path in _files(folder):
            parts = path.relative_to(folder).parts
            if len(parts) < 3 or (parts[0], parts[1].replace("_", "-")) not in known:
                stray.append(path.relative_to(folder).as_posix())
    return stray
