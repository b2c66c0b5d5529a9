"""Which files belong to which contract and which night; reads sources.yaml."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from data_contracts.contract import ExtractContract, all_contracts, contract_ids
from data_contracts.errors import ContractError, HomeError
from pipelines.ingestion.archives import members
from pipelines.ingestion.declared import Source, load_sources
from pipelines.ingestion.mapping import ContractRecipe, Mapping, load_mapping
from pipelines.settings import Settings

__all__ = [
    "Delivery",
    "Source",
    "SourceFile",
    "check_night",
    "data_through",
    "delivered_files",
    "deliveries",
    "extract_dates",
    "load_sources",
    "night_of",
    "unclaimed",
]

FULL, CHANGES = "full", "changes"
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_UNFINISHED = {".part", ".tmp", ".crdownload"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One delivered file: where it is, how it is shown, and its mapping name.

    ``member`` names the file meant where ``path`` is an archive of several.
    """

    path: Path
    shown: str
    name: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything one source delivered for one contract on one night.

    ``is_full`` says that a key the files do not hold no longer exists there;
    ``mapping`` and ``recipe`` are None where the files are canonical already;
    ``source`` is the source's name.
    """

    contract_id: str
    known_on: date
    files: tuple[SourceFile, ...]
    is_full: bool
    is_dated: bool
    mapping: Mapping | None = None
    recipe: ContractRecipe | None = None
    source: str = ""


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

    Returns
    -------
    list of Delivery
        By night. Within one, whole tables stand before changes, and sources in the
        order of sources.yaml, so that the later of two rows with one key stands
        whatever order the files came in.

    Raises
    ------
    HomeError
        If a source folder is missing.
    """
    every = _all_deliveries(contract, night, settings)
    return [delivery for delivery in every if delivery.known_on <= night]


def _all_deliveries(
    contract: ExtractContract, night: date, settings: Settings
) -> list[Delivery]:
    sources = load_sources(settings)
    fetched = [one.place(settings) for one in sources if one.is_fetched]
    found: list[Delivery] = []
    for source in sources:
        folder = source.place(settings)
        if not (source.layout or source.is_fetched or folder.is_dir()):
            raise HomeError(
                f"source folder {folder} does not exist",
                fix=f"put it back, or mend folder in {settings.sources_file}",
            )
        others = [one for one in fetched if one != folder]
        if source.layout:
            found += _by_contract(contract, source, folder, night, others)
        else:
            mapping = load_mapping(source.mapping or "", settings.home)
            found += _by_mapping(contract, source, mapping, folder, night, others)
    found += _replayed(contract, found, settings)
    return sorted(found, key=lambda one: (one.known_on, not one.is_full))


def _replayed(
    contract: ExtractContract, found: list[Delivery], settings: Settings
) -> list[Delivery]:
    """List rows sent back out of quarantine, as changes of whoever delivered them."""
    folder = settings.home / "replayed"
    place = folder / contract.system / contract.table
    made = []
    for path in sorted(place.glob("*.parquet")):
        night = date.fromisoformat(path.stem)
        first = next((one for one in found if one.known_on == night), None)
        if first is not None:
            shown = f"replayed/{path.relative_to(folder).as_posix()}"
            made.append(
                Delivery(
                    contract_id=contract.id,
                    known_on=night,
                    files=(SourceFile(path, shown),),
                    is_full=False,
                    is_dated=first.is_dated,
                    source=first.source,
                )
            )
    return made


def _by_contract(
    contract: ExtractContract,
    source: Source,
    folder: Path,
    night: date,
    others: list[Path],
) -> list[Delivery]:
    place = folder / contract.system / contract.table
    nights: dict[date, list[SourceFile]] = {}
    dated: set[date] = set()
    for path in delivered_files(place, others):
        shown = path.relative_to(folder).as_posix()
        day = night_of(shown)
        if day is not None:
            dated.add(day)
        taken = day or source.extracted_on or night
        inside = members(path)
        nights.setdefault(taken, []).extend(
            [SourceFile(path, f"{shown}/{one}", member=one) for one in inside]
            if len(inside) > 1
            else [SourceFile(path, shown)]
        )
    return [
        Delivery(
            contract_id=contract.id,
            known_on=day,
            files=tuple(files),
            is_full=source.delivery == FULL,
            is_dated=day in dated or source.extracted_on is not None,
            source=source.name,
        )
        for day, files in nights.items()
    ]


def _by_mapping(
    contract: ExtractContract,
    source: Source,
    mapping: Mapping,
    folder: Path,
    night: date,
    others: list[Path],
) -> list[Delivery]:
    recipe = mapping.contracts.get(contract.id)
    if recipe is None:
        return []
    found: dict[str, dict[date | None, list[SourceFile]]] = {}
    for name, pattern in sorted(mapping.files.items()):
        if recipe.sql is None and name != recipe.file:
            continue
        for file in _matching(folder, pattern, name, others):
            by_day = found.setdefault(name, {})
            by_day.setdefault(night_of(file.shown), []).append(file)
    leading = found.pop(recipe.file, {})
    made = []
    for day in sorted(leading, key=lambda one: one or date.min):
        taken = day or source.extracted_on or night
        beside = [  # the other files as they then stood
            file for by_day in found.values() for file in _newest(by_day, taken)
        ]
        for is_full, files in _by_extent(source, leading[day]):
            made.append(
                Delivery(
                    contract_id=contract.id,
                    known_on=taken,
                    files=tuple(sorted([*files, *beside], key=_by_name)),
                    is_full=is_full,
                    is_dated=day is not None or source.extracted_on is not None,
                    mapping=mapping,
                    recipe=recipe,
                    source=source.name,
                )
            )
    return made


def _matching(
    folder: Path, pattern: str, name: str, others: list[Path]
) -> list[SourceFile]:
    """Find the files of a pattern, those in archives of several too."""
    found = [
        SourceFile(path, path.relative_to(folder).as_posix(), name)
        for path in folder.glob(pattern)
        if _is_delivered(path, folder, others) and len(members(path)) < 2
    ]
    for archive in folder.rglob("*.[zZ][iI][pP]"):
        inside = members(archive)
        if len(inside) > 1 and _is_delivered(archive, folder, others):
            within = archive.relative_to(folder)
            found += [
                SourceFile(archive, f"{within.as_posix()}/{one}", name, member=one)
                for one in inside
                if (within / one).match(pattern)
            ]
    return sorted(found, key=_by_name)


def _by_extent(
    source: Source, files: list[SourceFile]
) -> list[tuple[bool, list[SourceFile]]]:
    """Part whole tables from changes; a connector keeps them in folders so named."""
    if source.connector is None:
        return [(source.delivery == FULL, files)]
    whole = [one for one in files if one.shown.startswith(f"{FULL}/")]
    rest = [one for one in files if one not in whole]
    return [(is_full, some) for is_full, some in ((True, whole), (False, rest)) if some]


def _by_name(file: SourceFile) -> tuple[str, str]:
    return file.name, file.shown


def _newest(
    by_day: dict[date | None, list[SourceFile]], taken: date
) -> list[SourceFile]:
    days = [day for day in by_day if day is not None and day <= taken]
    if days:
        return by_day[max(days)]
    return by_day.get(None, [])


def delivered_files(place: Path, others: list[Path]) -> list[Path]:
    """List a folder's files, sorted, without hidden and unfinished ones or `others`."""
    return sorted(
        path for path in place.rglob("*") if _is_delivered(path, place, others)
    )


def _is_delivered(path: Path, folder: Path, others: list[Path]) -> bool:
    """Tell a delivered file from a hidden or unfinished one, or another source's."""
    return (
        path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.suffix not in _UNFINISHED
        and not any(path.is_relative_to(other) for other in others)
    )


def night_of(shown: str) -> date | None:
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
    places = ", ".join(str(source.place(settings)) for source in load_sources(settings))
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
    sources = load_sources(settings)
    fetched = [one.place(settings) for one in sources if one.is_fetched]
    stray = []
    for source in sources:
        folder = source.place(settings)
        if source.layout is None:
            continue
        for path in delivered_files(folder, [one for one in fetched if one != folder]):
            parts = path.relative_to(folder).parts
            if len(parts) < 3 or (parts[0], parts[1].replace("_", "-")) not in known:
                stray.append(path.relative_to(folder).as_posix())
    return stray
