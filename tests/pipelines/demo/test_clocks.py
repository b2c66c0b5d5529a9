"""Clocks: several zones, summer time heeded, and offsets that tell the same moment."""

from datetime import UTC, date, datetime

import numpy as np

from pipelines.demo.clocks import local, with_offset
from pipelines.demo.places import cities
from pipelines.demo.world import live

WORLD = live(size="tiny", seed=1, as_of=date(2024, 3, 1))
NOON = {
    "winter": int(datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()),
    "summer": int(datetime(2026, 7, 15, 12, tzinfo=UTC).timestamp()),
}


def city(name: str) -> int:
    return cities().city.index(name)


def test_summer_time_is_heeded_where_there_is_one() -> None:
    # noon UTC: Chicago -6/-5, Phoenix -7 all year, Mumbai +5:30
    for season, name, wanted in (
        ("winter", "Chicago", "2026-01-15T06:00:00-06:00"),
        ("summer", "Chicago", "2026-07-15T07:00:00-05:00"),
        ("summer", "Phoenix", "2026-07-15T05:00:00-07:00"),
        ("winter", "Mumbai", "2026-01-15T17:30:00+05:30"),
        ("winter", "London", "2026-01-15T12:00:00+00:00"),
    ):
        told = with_offset(WORLD, np.array([NOON[season]]), np.array([city(name)]))
        assert told.to_list() == [wanted]


def test_an_offset_tells_the_same_moment_everywhere() -> None:
    every = np.arange(len(cities().city))
    moments = NOON["summer"] + 3_601 * every
    told = with_offset(WORLD, moments, every)
    read = [int(datetime.fromisoformat(text).timestamp()) for text in told.to_list()]
    assert read == moments.tolist()


def test_a_wall_clock_has_no_zone() -> None:
    wall = local(WORLD, np.array([NOON["winter"]]), np.array([city("Tokyo")]))
    assert wall.to_list() == [datetime.fromisoformat("2026-01-15T21:00:00")]


def test_every_city_has_a_zone_and_there_are_many() -> None:
    assert len(cities().zone) == len(cities().city)
    assert len(set(cities().zone)) > 20
