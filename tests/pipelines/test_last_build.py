"""A night goes on from the build before it only where nothing else has changed."""

import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.last_build import TOLD, LastBuild
from pipelines.settings import Settings

NIGHT = date(2026, 1, 2)
DEALS = "crm/opportunities/{}.parquet"


class Home:
    """A home with as much in it as a build is judged by."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(folder)
        self.write("raw/" + DEALS.format("0000-schema"), [0])
        self.write("raw/" + DEALS.format(NIGHT), [1])
        self.write("reference/segments.parquet", ["smb"])
        self.days(date(2025, 1, 1))

    def write(self, name: str, rows: list[object]) -> None:
        """Write one column; the same rows give the same bytes at another time."""
        path = self.settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"rows": rows}).write_parquet(path)

    def days(self, first: date, *, month: int = 1) -> None:
        """Write a calendar that begins on a day."""
        day = pl.date_range(first, date(2027, 1, 1), eager=True).alias("date_day")
        pl.DataFrame({"date_day": day, "month": [month] * len(day)}).write_parquet(
            self.settings.reference / "fiscal_calendar.parquet"
        )

    def of(
        self, night: date, *, project: str = "sql", policy: str = "p", late: int = 1
    ) -> LastBuild:
        """Come to a night, whose extracts cover all but so many days."""
        through = night - timedelta(days=late)
        pl.DataFrame(
            [{"as_of": night, "data_through": through, "policy_hash": policy}]
        ).write_parquet(self.settings.reference / "run.parquet")
        return LastBuild(self.settings, project)

    def built(self, night: date) -> None:
        """Build a night whole."""
        last = self.of(night)
        last.tell(anew=not last.goes_on)
        last.remember()

    def told(self) -> tuple[date | None, ...]:
        """Read what the models are told."""
        return pl.read_parquet(self.settings.reference / TOLD).row(0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose first night is built."""
    home = Home(tmp_path)
    assert not home.of(NIGHT).goes_on
    home.built(NIGHT)
    return home


def test_a_first_build_tells_of_none_before_it(home: Home) -> None:
    assert home.told() == (None, None)


def test_a_later_night_goes_on_from_the_night_before(home: Home) -> None:
    home.built(date(2026, 1, 9))
    assert home.told() == (NIGHT, date(2026, 1, 1))


def test_a_night_run_again_goes_on_from_where_it_did(home: Home) -> None:
    assert not home.of(NIGHT).goes_on  # the first was made of nothing
    home.built(date(2026, 1, 9))
    home.built(date(2026, 1, 9))
    assert home.told() == (NIGHT, date(2026, 1, 1))


def test_a_night_of_the_past_is_made_anew(home: Home) -> None:
    assert not home.of(date(2026, 1, 1)).goes_on


def test_a_night_that_covers_fewer_days_than_the_last_is_made_anew(home: Home) -> None:
    later = date(2026, 1, 9)
    assert home.of(later, late=8).goes_on  # as far as the night before
    assert not home.of(later, late=9).goes_on


def test_other_sql_or_another_policy_is_made_anew(home: Home) -> None:
    later = date(2026, 1, 9)
    assert not home.of(later, project="other").goes_on
    assert not home.of(later, policy="other").goes_on
    assert home.of(later).goes_on
    home.write("reference/segments.parquet", ["smb", "ent"])
    assert not home.of(later).goes_on


def test_raw_rows_of_a_night_already_built_may_not_change(home: Home) -> None:
    later = date(2026, 1, 9)
    home.write("raw/" + DEALS.format(later), [2])
    assert home.of(later).goes_on
    home.write("raw/" + DEALS.format(NIGHT), [7])
    assert not home.of(later).goes_on
    home.write("raw/" + DEALS.format(NIGHT), [1])  # landed again, as it was
    os.utime(home.settings.raw / DEALS.format(NIGHT), (1, 1))
    assert home.of(later).goes_on
    (home.settings.raw / DEALS.format(NIGHT)).unlink()
    assert not home.of(later).goes_on


def test_a_calendar_may_begin_later_but_not_count_otherwise(home: Home) -> None:
    later = date(2026, 1, 9)
    home.days(date(2025, 6, 1))
    assert home.of(later).goes_on
    home.days(date(2024, 6, 1))
    assert not home.of(later).goes_on
    home.days(date(2025, 1, 1), month=2)
    assert not home.of(later).goes_on


def test_a_build_that_never_ended_is_made_anew(home: Home) -> None:
    home.of(date(2026, 1, 9)).forget()
    assert not home.of(date(2026, 1, 9)).goes_on


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"night": 3}'])
def test_a_note_nobody_can_read_counts_as_none(home: Home, note: str) -> None:
    told = home.settings.dbt_target / "last_build.json"
    told.write_text(note, encoding="utf-8")
    assert not home.of(date(2026, 1, 9)).goes_on
