"""One dbt build of a company written by hand, shared by the whole session."""

import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # homes.py and company.py sit beside

import company
from homes import write_home

from pipelines import warehouse
from pipelines.settings import Settings


@dataclass(frozen=True)
class Built:
    """A home after both passes."""

    settings: Settings
    result: warehouse.BuildResult

    def ask(self, sql: str) -> list[dict[str, object]]:
        """Return the rows of a query."""
        return warehouse.read(self.settings, sql).to_dicts()

    def frame(self, sql: str) -> pl.DataFrame:
        """Return a query as a frame."""
        return warehouse.read(self.settings, sql)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The company's home, built whole with dbt's own tests and unit tests."""
    home = tmp_path_factory.mktemp("company")
    settings = write_home(home, as_of=company.AS_OF, rows=company.rows())
    result = warehouse.build("", settings, with_unit_tests=True)
    return Built(settings, result)


@pytest.fixture(scope="session")
def metrics():
    """MetricFlow on the project's semantic models, and the names of all metrics."""
    from asked import make_engine  # a second of imports: only metrics pay for it

    return make_engine()


@pytest.fixture(scope="session")
def engine(metrics):
    """MetricFlow on the project; it writes the SQL and a warehouse answers."""
    return metrics[0]
