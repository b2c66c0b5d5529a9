"""People and seats: one person a seat, one seat a person, one tree of managers."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from pipelines.demo import norms
from pipelines.demo.months import NEVER
from pipelines.demo.sizes import SIZES, Size
from pipelines.demo.staff import AE, CRO, MANAGER, seat_plan
from pipelines.demo.world import World, live


@cache
def world(size: str) -> World:
    return live(size=size, seed=6, as_of=date(2026, 6, 5))


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.name)
def test_the_plan_of_seats_sums_to_the_size(size: Size) -> None:
    plan = seat_plan(size)
    assert plan.sum() == size.seats_count
    assert plan.min() >= 1  # no account is without a seller


@pytest.mark.slow
@pytest.mark.parametrize("size", ["tiny", "medium"])
@pytest.mark.parametrize("whose", ["seat", "person"])
def test_spells_of_one_seat_or_person_do_not_overlap(size: str, whose: str) -> None:
    spells = world(size).staff.spells
    order = np.lexsort((spells["start"], spells[whose]))
    same = spells[whose][order][1:] == spells[whose][order][:-1]
    ends, starts = spells["end"][order][:-1], spells["start"][order][1:]
    assert (ends[same] <= starts[same]).all()


@pytest.mark.slow
@pytest.mark.parametrize("size", ["tiny", "medium"])
def test_every_ended_spell_opens_its_seat_again(size: str) -> None:
    staff = world(size).staff
    ended = staff.spells["end"] < NEVER
    seats, ends = staff.spells["seat"][ended], staff.spells["end"][ended]
    openings = staff.openings
    opened = set(
        zip(openings["seat"].tolist(), openings["opened"].tolist(), strict=True)
    )
    for seat, end in zip(seats.tolist(), ends.tolist(), strict=True):
        # a leaver's last day still counts; who moves inside changes on the day
        assert {(seat, end - 1), (seat, end)} & opened


@pytest.mark.slow
def test_everybody_reports_up_to_one_officer() -> None:
    seats = world("medium").staff.seats
    boss = seats["supervisor"].astype(int)
    tops = np.flatnonzero(boss < 0)
    assert seats["role"][tops].tolist() == [CRO]
    place = np.arange(len(seats))
    for _ in range(8):
        place = np.where(boss[place] >= 0, boss[place], place)
    assert (place == tops[0]).all()


def test_no_manager_leads_more_people_than_the_span() -> None:
    seats = world("medium").staff.seats
    sellers = seats["supervisor"][seats["role"] == AE]
    assert np.bincount(sellers).max() <= norms.MAX_SPAN
    assert (seats["role"][sellers] == MANAGER).all()


def test_some_are_promoted_and_their_job_history_says_so() -> None:
    staff = world("medium").staff
    people, jobs = np.unique(staff.jobs["person"], return_counts=True)
    assert (jobs > 1).sum() >= 5
    assert len(people) == len(staff.people)
    assert len(staff.jobs) == len(staff.spells)


def test_some_move_to_another_region_and_live_there_from_then_on() -> None:
    staff, places = world("medium").staff, world("medium").places
    jobs = staff.jobs
    order = np.lexsort((jobs["day"], jobs["person"]))
    person, region = jobs["person"][order], jobs["region"][order]
    moved = np.flatnonzero((person[1:] == person[:-1]) & (region[1:] != region[:-1]))
    assert len(moved) >= 5
    seller = jobs["role"][order] == AE
    assert (seller[moved] & seller[moved + 1]).all()
    segment = jobs["segment"][order]
    assert (segment[moved] == segment[moved + 1]).all()
    # everybody lives in the region they work in, at every time
    home = np.array([norms.REGIONS.index(one) for one in places.region_id])
    assert (home[jobs["city"]] == jobs["region"]).all()


def test_nobody_is_on_leave_after_leaving() -> None:
    staff = world("medium").staff
    left = staff.people["left"][staff.leaves["person"]]
    assert (staff.leaves["end"] <= np.maximum(left, staff.leaves["start"])).all()


def test_the_talent_of_a_large_staff_has_mean_one() -> None:
    people = world("medium").staff.people
    assert abs(people["activity"].mean() - 1) < 0.05
    assert abs(people["win"].mean() - 1) < 0.05
