"""The one door to the warehouse: who may hold it, what it says when it cannot."""

import logging
import multiprocessing
import os
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from data_contracts.errors import AopError, BusyError, HomeError
from pipelines import warehouse
from pipelines.logs import logger
from pipelines.settings import Settings
from pipelines.statements import Node
from pipelines.warehouse import BuildResult, NodeResult


def node(name: str, status: str, message: str = "") -> NodeResult:
    return NodeResult(f"model.continuous_aop.{name}", status, 0.1, None, message)


def test_a_result_is_ok_only_where_nothing_broke_or_was_skipped() -> None:
    good = (node("a", "success"), node("b", "pass"), node("c", "warn"))
    assert BuildResult(good).ok
    assert not BuildResult((*good, node("d", "skipped"))).ok
    assert not BuildResult((*good, node("d", "error"))).ok


def test_the_first_fault_is_raised_by_name_with_how_much_fell_behind_it() -> None:
    result = BuildResult(
        (
            node("fct_bookings", "error", "Binder Error:\n  no column x"),
            node("dim_account", "error"),
            node("fct_rep_month", "skipped"),
        )
    )
    with pytest.raises(AopError) as raised:
        result.raise_if_broken()
    assert "fct_bookings ended as error; 1 more broke; 1 were skipped" in str(
        raised.value
    )
    assert "Binder Error: no column x" in raised.value.what
    assert "fct_bookings" in raised.value.fix


def test_a_good_result_raises_nothing() -> None:
    BuildResult((node("a", "success"),)).raise_if_broken()


def test_reading_before_any_night_says_to_refresh(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="does not exist"):
        warehouse.read(Settings(tmp_path), "select 1")


def test_reading_takes_values_by_name_and_leaves_nothing_open(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    with duckdb.connect(settings.warehouse) as writer:
        writer.execute("create table t as select 1 as n union all select 2")
    asked = "select n from t where n > $least"
    assert warehouse.read(settings, asked, {"least": 1}).to_dicts() == [{"n": 2}]
    with duckdb.connect(settings.warehouse) as writer:  # nobody is in the way
        writer.execute("drop table t")
    with pytest.raises(HomeError, match="t does not exist"):
        warehouse.read(settings, asked, {"least": 1})


def _write(path: Path, is_open: Event, may_close: Event) -> None:
    with duckdb.connect(path):
        is_open.set()
        may_close.wait(30)


@pytest.mark.slow
def test_reading_while_another_process_writes_says_who_is_in_the_way(
    tmp_path: Path,
) -> None:
    settings = Settings(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    is_open, may_close = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_write, args=(settings.warehouse, is_open, may_close))
    other.start()
    try:
        assert is_open.wait(60)
        with pytest.raises(BusyError, match="another process is writing"):
            warehouse.read(settings, "select 1")
    finally:
        may_close.set()
        other.join()


def test_one_process_may_enter_again_and_leaves_the_home_free(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    with warehouse.exclusive(settings), warehouse.exclusive(settings):
        pass
    with warehouse.exclusive(settings):
        pass


def test_a_failure_inside_frees_the_home(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    with pytest.raises(ZeroDivisionError), warehouse.exclusive(settings):
        _ = 1 / 0
    with warehouse.exclusive(settings):
        pass


def _hold(home: Path, has_it: Event, may_end: Event) -> None:
    with warehouse.exclusive(Settings(home)):
        has_it.set()
        may_end.wait(60)


class _OnFirstWord(logging.Handler):
    """Set an event as soon as anything is logged, and keep what was said."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        self.event.set()


@pytest.mark.slow
def test_a_second_process_waits_for_the_first_and_says_so(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    has_it, may_end = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_hold, args=(tmp_path, has_it, may_end))
    other.start()
    assert has_it.wait(60)
    handler = _OnFirstWord(may_end)
    log = logger(warehouse.__name__)
    log.addHandler(handler)
    try:
        with warehouse.exclusive(Settings(tmp_path)):
            assert any("another run holds" in word for word in handler.said)
    finally:
        log.removeHandler(handler)
        other.join()


@pytest.mark.slow
def test_an_unknown_selector_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(AopError, match="could not begin"):
        warehouse.build("everything", Settings(tmp_path))


@pytest.mark.slow
def test_a_broken_model_is_told_first_and_raised_when_asked(tmp_path: Path) -> None:
    # a home without its raw files: staging views cannot be made
    before = os.environ.get("AOP_HOME")
    result = warehouse.build("actuals", Settings(tmp_path))
    assert not result.ok
    with pytest.raises(AopError, match=r"stg_\w+ ended as error"):
        result.raise_if_broken()
    assert os.environ.get("AOP_HOME") == before


class _LastNight:
    """A build that tonight goes on from; it keeps what it is told."""

    goes_on = True

    def __init__(self, *_: object) -> None:
        self.told: list[bool] = []

    def tell(self, *, anew: bool) -> None:
        self.told.append(anew)

    def forget(self) -> None:
        self.told.clear()

    def remember(self) -> None:
        self.told.append(True)


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        # half of its facts are of tonight: nothing is left to go on from
        ("actuals", ["--full-refresh", "--exclude-resource-type", "unit_test"]),
        ("plan", ["--exclude-resource-type", "unit_test"]),
    ],
)
def test_a_night_that_cannot_be_said_again_is_built_by_dbt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selector: str, words: list[str]
) -> None:
    settings = Settings(tmp_path)
    with duckdb.connect(settings.warehouse):
        pass
    last, asked = _LastNight(), []
    monkeypatch.setattr(warehouse, "LastBuild", lambda *_: last)
    monkeypatch.setattr(
        warehouse, "_run_dbt", lambda *given: asked.append(given[2]) or []
    )
    warehouse._said(settings, selector).keep(
        [Node("model.continuous_aop.fct_bookings", ("delete from nowhere",))]
    )
    assert warehouse.build(selector, settings).ok
    assert asked == [words]
    assert last.told == ([True, True] if selector == "actuals" else [])


@pytest.mark.slow
def test_the_manifest_is_parsed_once_and_serves_every_home() -> None:
    first = warehouse.manifest()
    written = first.stat().st_mtime_ns
    assert warehouse.manifest().stat().st_mtime_ns == written
