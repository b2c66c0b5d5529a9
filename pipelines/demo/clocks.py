"""Times as people on other clocks would write them: local, or with their offset."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo.frames import times
from pipelines.demo.world import World


def zones_of_seats(
    world: World, seat: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the city whose clock a seat's holder looked at on a day."""
    spell, _ = world.staff.spell_of(seat, day)
    person = world.staff.spells["person"][np.maximum(spell, 0)]
    job = np.maximum(world.staff.job_of(person, day), 0)  # the first, before anybody
    city: NDArray[np.int64] = world.staff.jobs["city"][job].astype(np.int64)
    return city


def local(
    world: World, seconds: NDArray[np.int64], city: NDArray[np.int64]
) -> pl.Series:
    """Return wall-clock times of cities, summer time heeded, without their zone.

    Parameters
    ----------
    world : World
        Knows the cities' zones.
    seconds : (n,) int64, epoch seconds
    city : (n,) int64
        Place of each city.

    Returns
    -------
    Series
        (n,) Datetime without zone, to the microsecond.
    """
    zones = np.array(world.places.zone)[city]
    moment = times(seconds)
    answer = moment.dt.replace_time_zone(None)
    for zone in np.unique(zones).tolist():
        there = moment.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        answer = there.zip_with(pl.Series(zones == zone), answer)
    return answer


def with_offset(
    world: World, seconds: NDArray[np.int64], city: NDArray[np.int64]
) -> pl.Series:
    """Return the same moments as text with the offset of a city's clock.

    Returns
    -------
    Series
        (n,) String such as ``2026-01-31T09:00:00-06:00``.
    """
    wall = local(world, seconds, city)
    shift = (wall.dt.epoch("s") - pl.Series(seconds)).to_numpy()
    minutes = np.abs(shift) // 60
    sign = pl.Series(np.where(shift < 0, "-", "+"))
    hour, minute = (
        pl.Series(part).cast(pl.String).str.zfill(2)
        for part in (minutes // 60, minutes % 60)
    )
    text = wall.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return text + sign + hour + ":" + minute
