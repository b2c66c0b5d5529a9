"""The door to whatever runs the nights, found by entry point, never by import."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Protocol, cast

from data_contracts.errors import HomeError
from pipelines.settings import Settings

GROUP = "continuous_aop.orchestrator"

Watcher = Callable[[str, str], None]
"""Takes a step's name and what became of it: started, done or failed."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What one night did."""

    night: date
    steps_count: int
    seconds: float
    failed_checks: tuple[str, ...]  # checks that warn without stopping the night
    breaches: tuple[str, ...]  # open breaches sent to planning tonight
    proposals: tuple[int, ...]  # versions that came of them, or the first plan
    why_quiet: str = ""  # why the tables were left standing; empty for a whole night


class Orchestrator(Protocol):
    """What an orchestrator offers the commands."""

    def refresh(
        self,
        settings: Settings,
        night: date,
        watcher: Watcher | None = None,
        *,
        whole: bool = False,
    ) -> RefreshReport:
        """Run one night; raise the first `AopError` of a step as it is."""
        ...

    def publish(self, settings: Settings, watcher: Watcher | None = None) -> None:
        """Show the published plan in the marts and the serving copy."""
        ...


def orchestrator() -> Orchestrator:
    """Load the installed orchestrator.

    Raises
    ------
    HomeError
        If none is installed.
    """
    for found in entry_points(group=GROUP):
        return cast(Orchestrator, found.load())
    raise HomeError(
        "no orchestrator is installed", fix="install the project again: make setup"
    )


def instance_template() -> str | None:
    """Return the settings file an orchestrator ships for its instance, if it does."""
    for found in entry_points(group=GROUP):
        template = files(found.module.split(".")[0]) / "dagster.yaml"
        if template.is_file():
            return template.read_text(encoding="utf-8")
    return None
