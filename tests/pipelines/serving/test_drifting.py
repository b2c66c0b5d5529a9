"""What drift tells of a copy, also of one that an older release built."""

import duckdb
import pytest

from pipelines.serving.drifting import breaches, watch
from pipelines.serving.nights import state
from pipelines.settings import Settings


@pytest.mark.slow
def test_an_older_copy_watches_nothing_and_its_breaches_ask(home: Settings) -> None:
    assert watch(home) == []
    assert [row["tier"] for row in breaches(home)] == ["act"]


@pytest.mark.slow
def test_what_is_watched_is_told_alarms_first_and_is_no_open_breach(
    home: Settings,
) -> None:
    with duckdb.connect(home.serving_copy) as copy:
        copy.execute(
            "alter table drift.fct_drift_breach add column tier varchar;"
            "update drift.fct_drift_breach set tier = 'watch';"
            "create table drift.fct_drift_watch as select * from (values "
            "('win_rate', 'na', 9.0, false, true),"
            "('win_rate', 'emea', 1.0, false, true),"
            "('deal_size', 'na', 30.0, true, true),"
            "('deal_size', 'na', 9.0, true, false)"
            ") as t (metric, node_id, statistic, is_alarm, is_latest), (values "
            "('region', 'below', 26.0, false, false)"
            ") as s (node_level, direction, limit_value, is_silent, "
            "is_explained_by_parent)"
        )
    told = [(row["metric"], row["node_id"]) for row in watch(home)]
    assert told == [("deal_size", "na"), ("win_rate", "na"), ("win_rate", "emea")]
    assert state(home)["open_breaches"] == []
