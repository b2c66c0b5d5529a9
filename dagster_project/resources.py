"""What assets are given: the home of the run, held until the run ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import dagster as dg

from pipelines import warehouse
from pipelines.settings import Settings


class Home(dg.ConfigurableResource):  # type: ignore[type-arg]  # yields itself
    """One company's home; while a run has it, every other run waits.

    Parameters
    ----------
    path : str
        Folder of the home; empty means ``AOP_HOME``, read when the run starts.
    ledger_url : str
        SQLAlchemy URL of the ledger; empty means the setting's own.
    """

    path: str = ""
    ledger_url: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Name the home of these settings."""
        return cls(path=str(settings.home), ledger_url=settings.ledger_url_override)

    @property
    def settings(self) -> Settings:
        """Every place of the home."""
        if not self.path:
            return Settings.from_env()
        return Settings(Path(self.path), ledger_url_override=self.ledger_url)

    @contextmanager
    def yield_for_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002  # Dagster passes it
    ) -> Iterator[Self]:
        """Hold the warehouse for the whole run; a second run waits here."""
        settings = self.settings.require_home()
        with warehouse.exclusive(settings):
            yield self
