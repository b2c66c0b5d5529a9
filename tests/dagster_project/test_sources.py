"""What is elsewhere is brought into landing as a step of the night, or stops it."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.ingestion.sources import sources
from dagster_project.resources import Home
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

NIGHT = "2026-01-31"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings(tmp_path / "home")
    settings.home.mkdir()
    settings.policy_file.touch()  # with it, a home is a home
    return settings


def brought(home: Settings, night: str = NIGHT) -> dict[str, object]:
    context = dg.build_asset_context(partition_key=night)
    found = sources(context, home=Home.of(home))
    return dict(found.metadata)


def test_a_home_of_folders_brings_nothing(home) -> None:
    assert brought(home) == {"files": 0, "sources": {}, "notes": []}


def test_remote_files_are_brought_and_counted(home, tmp_path) -> None:
    place = tmp_path / "share" / "crm" / "users" / f"{NIGHT}.csv"
    place.parent.mkdir(parents=True)
    place.write_text("user_id,name\nu1,Ada\n")
    home.sources_file.write_text(
        "sources:\n"
        f"  - {{name: share, url: 'file://{tmp_path}/share', layout: by_contract}}\n"
    )
    told = brought(home)
    assert told["sources"] == {"share": [f"crm/users/{NIGHT}.csv"]}
    assert (home.landing / "share" / "crm" / "users" / f"{NIGHT}.csv").is_file()


def test_a_live_system_without_credentials_stops_the_night_and_says_why(home) -> None:
    home.sources_file.write_text("sources:\n  - {connector: stripe}\n")
    with pytest.raises(dg.Failure) as told:
        brought(home, datetime.now(UTC).date().isoformat())
    assert "AOP_STRIPE_API_KEY" in str(told.value.description)
    assert told.value.allow_retries is False
