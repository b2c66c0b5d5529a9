"""Pull live systems into landing through dlt, which remembers how far each table came.

dlt keeps its state inside the home and reports to nobody. What it extracted but could
not yet land is landed first the next time, so nothing is asked for twice or lost.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

from data_contracts.errors import AopError, HomeError
from pipelines.ingestion.connectors.api import Wait
from pipelines.ingestion.connectors.bamboohr import BambooHR
from pipelines.ingestion.connectors.landing import write_pull
from pipelines.ingestion.connectors.salesforce import Salesforce
from pipelines.ingestion.connectors.stripe import Stripe
from pipelines.ingestion.connectors.table import Pull, System, Table
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import load_mapping
from pipelines.logs import logger
from pipelines.settings import Settings

_log = logger(__name__)
# a file that cannot be written is not tried again: the next run lands what was kept
_CONFIGURATION = {"load": {"raise_on_max_retries": 1, "workers": 1}}
_SYSTEMS: dict[str, Callable[..., System]] = {
    "salesforce": Salesforce,
    "stripe": Stripe,
    "bamboohr": BambooHR,
}


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one live system gave: records by table, files written, what was noticed."""

    source: str
    records: dict[str, int]
    files: tuple[str, ...]
    notes: tuple[str, ...]


def pull(
    source: Source, night: date, settings: Settings, *, wait: Wait = time.sleep
) -> Pulled:
    """Bring what a live system has new into ``landing/<name>/``.

    Parameters
    ----------
    source : Source
        With a connector; its credentials stand in the environment.
    night : date
        The night the records are known on; it stands in the files' names.
    settings : Settings
    wait : callable, default time.sleep
        Waits so many seconds before a request is tried again.

    Returns
    -------
    Pulled
        Tables with nothing new have no file.

    Raises
    ------
    HomeError
        If the system cannot be reached, does not accept the credentials or refuses a
        table. How far each table came is then as it was before.
    """
    mapping = load_mapping(source.mapping or "", settings.home)
    system = _SYSTEMS[source.connector or ""](source, mapping, wait=wait)
    pulls: dict[str, Pull] = {}
    files: list[str] = []
    counts: dict[str, int] = {}
    folder = source.place(settings)

    def landed(items: Any, schema: Any) -> None:
        """Write one table of a load package; dlt calls it again if it was cut off."""
        table, key, extent = schema["name"].split("~")
        with _unpacked(Path(items), folder) as records:
            final = write_pull(
                records, folder, table, key, night, is_full=extent == "full"
            )
        files.append(final.relative_to(folder).as_posix())

    with _quiet_dlt(settings):
        pipeline = dlt.pipeline(
            pipeline_name=_named(source),
            pipelines_dir=str(settings.home / "connectors"),
            destination=dlt.destination(
                landed,
                batch_size=0,
                loader_file_format="typed-jsonl",
                name="landing",
                naming_convention="direct",
                max_parallel_load_jobs=1,
            ),
        )
        resources = [_resource(system, one, pulls, counts) for one in system.tables()]
        with _told(source):
            if pipeline.has_pending_data:
                pipeline.run().raise_on_failed_jobs()
            pipeline.run(_source(source, resources)).raise_on_failed_jobs()
    notes = tuple(note for one in pulls.values() for note in one.notes)
    _log.info("%s: %s records", source.name, sum(counts.values()))
    return Pulled(source.name, counts, tuple(sorted(set(files))), notes)


def _named(source: Source) -> str:
    return f"aop_{source.name.replace('-', '_')}"


def _source(source: Source, resources: list[Any]) -> Any:
    @dlt.source(name=_named(source))
    def tables() -> list[Any]:
        return resources

    return tables()


def _resource(
    system: System, table: Table, pulls: dict[str, Pull], counts: dict[str, int]
) -> Any:
    """Wrap one table for dlt: each record goes as the JSON it came in, untouched."""

    def rows() -> Iterator[Any]:
        state = dlt.current.resource_state()
        told = pulls[table.name] = Pull(is_full=False, notes=[])
        counts[table.name] = 0
        for record in system.records(table, state, told):
            counts[table.name] += 1
            extent = "full" if told.is_full else "changes"
            yield dlt.mark.with_table_name(
                {"record": json.dumps(record, ensure_ascii=False)},
                f"{table.name}~{table.key}~{extent}",
            )

    return dlt.resource(
        rows,
        name=table.name,
        columns={"record": {"data_type": "text", "nullable": False}},
    )


@contextmanager
def _unpacked(package: Path, folder: Path) -> Iterator[Path]:
    """Give the records of one file of a load package as JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / f".{package.name}.part"
    opened = gzip.open if package.read_bytes()[:2] == b"\x1f\x8b" else open
    try:
        with (
            opened(package, "rt", encoding="utf-8") as rows,
            plain.open("w", encoding="utf-8") as out,
        ):
            for some in rows:  # dlt writes as many records on a line as it had at hand
                out.writelines(row["record"] + "\n" for row in json.loads(some))
        yield plain
    finally:
        plain.unlink(missing_ok=True)


@contextmanager
def _told(source: Source) -> Iterator[None]:
    """Turn what dlt wraps around an error back into what happened."""
    try:
        yield
    except AopError:
        raise
    except Exception as error:  # dlt wraps whatever its resources raise
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, AopError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise cause from error
        raise HomeError(
            f"source {source.name} could not be pulled: {str(error).splitlines()[-1]}",
            fix="run the night again: aop refresh; if it stays, remove "
            f"connectors/{_named(source)} in the home, and all is read anew",
        ) from error


@contextmanager
def _quiet_dlt(settings: Settings) -> Iterator[None]:
    """Run dlt inside the home: its folders there, no telemetry, no outside settings."""
    place = PluggableRunContext(_InHome(settings))
    with Container().injectable_context(place):
        yield


class _InHome(RunContext):
    """dlt's surroundings, all below one home."""

    def __init__(self, settings: Settings) -> None:
        self._home = str(settings.home / "connectors")
        super().__init__(self._home)

    @property
    def global_dir(self) -> str:
        return self._home

    def initial_providers(self) -> list[Any]:
        # neither environment nor files of others: ours is all there is to configure
        return [CustomLoaderDocProvider("home", lambda: _CONFIGURATION, False)]

    def initialize_runtime(
        self,
        runtime_config: RuntimeConfiguration | None = None,  # noqa: ARG002 - ours stands
    ) -> None:
        super().initialize_runtime(
            RuntimeConfiguration(dlthub_telemetry=False, log_level="CRITICAL")
        )
