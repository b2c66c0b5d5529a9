"""What a live system gives lands as files, remembered from night to night by dlt."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from data_contracts.contract import contract
from data_contracts.errors import HomeError
from pipelines.ingestion.connectors import pull as module
from pipelines.ingestion.connectors.landing import write_pull
from pipelines.ingestion.connectors.pull import pull
from pipelines.ingestion.connectors.table import Pull, Record, State, Table
from pipelines.ingestion.land import land
from pipelines.ingestion.sources import load_sources
from pipelines.settings import Settings

from .conftest import NIGHT

NEXT = date(2026, 2, 1)


class Customers:
    """A live system with one table; it counts changes instead of dating them."""

    rows: ClassVar[list[Record]] = []
    breaks_after: int | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        pass

    def tables(self) -> list[Table]:
        return [Table("customers", "id")]

    def records(self, table: Table, state: State, pull: Pull) -> Iterator[Record]:
        since = state.get("since", 0)
        pull.is_full = since == 0
        for place, row in enumerate(self.rows[since:]):
            if place == Customers.breaks_after:
                raise HomeError("the line went dead", fix="try again")
            yield row
        state["since"] = len(self.rows)


@pytest.fixture
def live(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setitem(module._SYSTEMS, "stripe", Customers)
    monkeypatch.setattr(Customers, "rows", [customer("a"), customer("b", note="ü\n")])
    monkeypatch.setattr(Customers, "breaks_after", None)
    home.sources_file.write_text("sources:\n  - {connector: stripe}\n")
    return home


def customer(key: str, **more: object) -> Record:
    given = {"id": key, "name": key.upper(), "currency": "usd", "created": 1767225600}
    return given | more


def pulled(home: Settings, night: date) -> module.Pulled:
    return pull(load_sources(home)[0], night, home, wait=lambda _: None)


def lines(path: Path) -> list[Record]:
    return [json.loads(one) for one in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
def test_nights_of_a_live_system_enter_by_the_same_door(live: Settings) -> None:
    folder = live.landing / "stripe"
    first = pulled(live, NIGHT)
    assert first.files == (f"full/customers-{NIGHT}.jsonl",)
    assert lines(folder / first.files[0]) == Customers.rows  # every value as it came
    Customers.rows = [*Customers.rows, customer("c"), customer("a", name="Anew")]
    second = pulled(live, NEXT)
    assert second.files == (f"changes/customers-{NEXT}.jsonl",)
    assert [row["id"] for row in lines(folder / second.files[0])] == ["c", "a"]
    assert pulled(live, NEXT).files == ()  # nothing new, nothing touched
    result = land(contract("billing-customers"), NEXT, live)
    assert (result.rows, result.loaded, result.deleted) == (4, 4, 0)


@pytest.mark.slow
def test_a_line_that_goes_dead_leaves_the_mark_where_it_was(live: Settings) -> None:
    Customers.breaks_after = 1
    with pytest.raises(HomeError, match="the line went dead"):
        pulled(live, NIGHT)
    assert not list(live.landing.rglob("*.jsonl"))
    Customers.breaks_after = None
    assert pulled(live, NIGHT).records == {"customers": 2}


@pytest.mark.slow
def test_what_was_read_but_not_landed_is_landed_first_next_time(
    live: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.write_pull

    def full_disk(*arguments: Any, **named: Any) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(module, "write_pull", full_disk)
    with pytest.raises(HomeError, match="could not be pulled"):
        pulled(live, NIGHT)
    monkeypatch.setattr(module, "write_pull", real)
    Customers.rows = [*Customers.rows, customer("c")]
    # the mark has moved past the first two: only the kept package still has them
    assert pulled(live, NEXT).records == {"customers": 1}
    rows = lines(live.landing / "stripe" / "full" / f"customers-{NEXT}.jsonl")
    assert [row["id"] for row in rows] == ["a", "b", "c"]


@pytest.mark.slow
def test_dlt_keeps_to_the_home_and_reports_to_nobody(live: Settings) -> None:
    outside = live.home.parent / "somewhere"
    outside.mkdir()
    told = """
import sys
from pathlib import Path
from pipelines.ingestion.connectors import pull as module
from pipelines.settings import Settings

with module._quiet_dlt(Settings(Path(sys.argv[1]))):
    from dlt.common.runtime import anon_tracker, run_context
    module.dlt.pipeline("x", pipelines_dir=sys.argv[1] + "/connectors")
    place = run_context.active()
    print(place.runtime_config.dlthub_telemetry, place.settings_dir, place.data_dir)
    print(anon_tracker._ANON_TRACKER_ENDPOINT)
"""
    done = subprocess.run(
        [sys.executable, "-c", told, str(live.home)],
        cwd=outside,
        env={"HOME": str(outside), "PATH": "/usr/bin", "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    is_on, settings, data = first.split(" ")
    assert (is_on, second) == ("False", "None")
    assert settings.startswith(str(live.home))
    assert data.startswith(str(live.home))
    assert list(outside.iterdir()) == []


def written(tmp_path: Path, *rows: Record, is_full: bool) -> Path:
    records = tmp_path / "records"
    records.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return write_pull(
        records, tmp_path / "live", "customers", "id", NIGHT, is_full=is_full
    )


def test_two_pulls_of_a_night_are_one_file_in_which_the_newer_stands(tmp_path) -> None:
    written(tmp_path, customer("a"), customer("b"), is_full=False)
    news = (customer("b", name="B2"), customer("c"), customer("c", name="C2"))
    path = written(tmp_path, *news, is_full=False)
    assert path.parent.name == "changes"
    assert [(row["id"], row["name"]) for row in lines(path)] == [
        ("a", "A"),
        ("b", "B2"),
        ("c", "C2"),
    ]
    before = path.read_bytes()
    written(tmp_path, *news, is_full=False)  # cut off and written again
    assert path.read_bytes() == before


def test_a_whole_table_stands_for_the_changes_of_its_night(tmp_path) -> None:
    changes = written(tmp_path, customer("z"), is_full=False)
    whole = written(tmp_path, customer("a"), is_full=True)
    assert not changes.exists()
    assert written(tmp_path, customer("b"), is_full=False) == whole
    assert [row["id"] for row in lines(whole)] == ["a", "b"]
