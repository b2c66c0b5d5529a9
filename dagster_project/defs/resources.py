"""Resources of every job and sensor; the environment is read when one is used."""

import dagster as dg

from dagster_project.progress import steps
from dagster_project.resources import Home
from pipelines.settings import Settings


@dg.resource(description="Where things are; for sensors, which hold nothing.")
def settings(_: dg.InitResourceContext) -> Settings:
    """Read the environment when a sensor asks."""
    return Settings.from_env()


@dg.definitions
def resources() -> dg.Definitions:
    """Give assets the held home, sensors the settings, runs their loggers."""
    return dg.Definitions(
        resources={"home": Home(), "settings": settings},
        loggers={"console": dg.colored_console_logger, "steps": steps},
    )
