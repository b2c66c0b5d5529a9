"""The signal says what the breach mart says, and survives being read back."""

import json
from datetime import date

import pytest

from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.errors import HomeError
from pipelines.publication import drift_signal
from pipelines.publication.serving_copy import publish
from pipelines.settings import Settings
from tests.pipelines.publication.conftest import NIGHT

LEAVER = Breach(
    key="rep_left:R2:2026-04-10",
    metric=DriftMetric.REP_LEFT,
    node_level="rep",
    node_id="R2",
    direction="below",
    first_seen_on=date(2026, 4, 10),
    scope="rep:R2",
    asks_for=("territories", "quotas"),
    cause="R2 left",
    state=BreachState.OPEN,
    plan_version=1,
)


@pytest.mark.slow
def test_a_breach_is_read_back_as_it_stands_in_the_mart(home: Settings) -> None:
    publish(home)
    assert drift_signal.write(home) == home.drift_signal
    signal = drift_signal.read(home)
    assert signal is not None
    assert (signal.as_of, signal.plan_version) == (NIGHT, None)
    assert signal.breaches == signal.open == (LEAVER,)


@pytest.mark.slow
def test_the_file_is_small_plain_json_and_the_same_each_time(home: Settings) -> None:
    publish(home)
    text = drift_signal.write(home).read_text(encoding="utf-8")
    assert json.loads(text)["breaches"][0] == {
        "key": "rep_left:R2:2026-04-10",
        "metric": "rep_left",
        "node_level": "rep",
        "node_id": "R2",
        "direction": "below",
        "first_seen_on": "2026-04-10",
        "scope": "rep:R2",
        "asks_for": ["territories", "quotas"],
        "cause": "R2 left",
        "state": "open",
        "plan_version": 1,
        "statistic": 1.0,
        "is_due": True,
        "verdict": "",
        "why": "",
        "tier": "act",
    }
    assert drift_signal.write(home).read_text(encoding="utf-8") == text


def test_no_signal_was_written_yet(home: Settings) -> None:
    assert drift_signal.read(home) is None


def test_there_is_no_signal_before_the_first_publication(home: Settings) -> None:
    with pytest.raises(HomeError, match="duckdb does not exist"):
        drift_signal.write(home)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"as_of": "soon"}'])
def test_a_file_that_is_no_signal_is_refused(home: Settings, text: str) -> None:
    home.serving.mkdir(parents=True)
    home.drift_signal.write_text(text)
    with pytest.raises(HomeError, match="is no drift signal"):
        drift_signal.read(home)
