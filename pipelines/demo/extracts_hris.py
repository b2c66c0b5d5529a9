"""What HR held on a night: workers, jobs, positions, pay and leaves."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import names, norms
from pipelines.demo.extracts_crm import EMPLOYEE_NUMBER_FROM, ROLE_IDS, SEGMENT_IDS
from pipelines.demo.frames import amounts, chosen, days, ids
from pipelines.demo.hiring import LEAVE_KINDS
from pipelines.demo.pay import rises, yearly_pay
from pipelines.demo.world import World

TITLES = tuple(norms.ROLES.values())


def worker_ids(person: NDArray[np.int64]) -> pl.Series:
    """Return HR's ids, which are not the CRM's; a negative row has none."""
    return ids("W", np.where(person >= 0, (90_000 - 7 * person) % 1_000_000, -1), 6)


def workers(world: World, night: int) -> pl.DataFrame:
    """Return one row per person hired by a night."""
    people = world.staff.people
    rows = np.flatnonzero(people["hired"] <= night)
    named, email = names.people(rows)
    left = people["left"][rows]
    kind = np.where(left > night, -1, np.where(people["is_voluntary"][rows], 0, 1))
    return pl.DataFrame(
        {
            "worker_id": worker_ids(rows),
            "employee_number": ids("E", rows + EMPLOYEE_NUMBER_FROM, 6),
            "name": named,
            "email": email,
            "hire_date": days(people["hired"][rows]),
            "adjusted_start_date": days(people["hired"][rows]),
            "termination_date": days(left, known_to=night),
            "termination_type": chosen(("voluntary", "involuntary"), kind),
            "fte": people["fte"][rows],
        }
    )


def job_history(world: World, night: int) -> pl.DataFrame:
    """Return one row per person and change of job effective by a night."""
    staff, jobs, places = world.staff, world.staff.jobs, world.places
    rows = np.flatnonzero(jobs["day"] <= night)
    seat, person = jobs["seat"][rows].astype(np.int64), jobs["person"][rows]
    role, segment, region = (jobs[name][rows] for name in ("role", "segment", "region"))
    boss = staff.seats["supervisor"][seat].astype(np.int64)
    day = np.maximum(jobs["day"][rows], world.months.start[0])
    spell, _ = staff.spell_of(np.maximum(boss, 0), day)
    found = np.where((boss >= 0) & (spell >= 0), staff.spells["person"][spell], -1)
    city = jobs["city"][rows]
    area = chosen(norms.REGIONS, region)
    team = area + "-" + chosen(ROLE_IDS, role)
    team = team.zip_with(pl.Series(boss < 0), area + "-" + ids("team", boss, 3))
    return pl.DataFrame(
        {
            "worker_id": worker_ids(person.astype(np.int64)),
            "effective_date": days(jobs["day"][rows]),
            "job_profile": chosen(TITLES, role)
            + chosen(("", *(", " + s for s in SEGMENT_IDS)), segment + 1),
            "role": chosen(TITLES, role),
            "segment": chosen(SEGMENT_IDS, segment),
            "region": area,
            "team": team,
            "manager_id": worker_ids(found.astype(np.int64)),
            "position_id": ids("P", seat, 4),
            "city": chosen(places.city, city),
            "latitude": places.latitude[city],
            "longitude": places.longitude[city],
        }
    ).sort("worker_id", "effective_date")


def positions(world: World, night: int) -> pl.DataFrame:
    """Return one row per seat opened by a night: who sits in it, or since when open."""
    seats, openings, spells = (
        world.staff.seats,
        world.staff.openings,
        world.staff.spells,
    )
    rows = np.flatnonzero(seats["opened"] <= night)
    spell, is_held = world.staff.spell_of(rows, night)
    opened = seats["opened"].astype(np.int64)
    target = seats["target_start"].astype(np.int64)
    known = openings["opened"] <= night
    seat = openings["seat"][known]
    opened[seat] = openings["opened"][known]
    lead = norms.by_segment("backfill_days")
    is_refill = openings["opened"][known] > target[seat]
    again = seat[is_refill]
    target[again] = opened[again] + lead[seats["segment"][again]]
    return pl.DataFrame(
        {
            "position_id": ids("P", rows, 4),
            "role": chosen(TITLES, seats["role"][rows]),
            "segment": chosen(SEGMENT_IDS, seats["segment"][rows]),
            "region": chosen(norms.REGIONS, seats["region"][rows]),
            "status": chosen(("open", "filled"), is_held.astype(np.int64)),
            "opened_on": days(opened[rows]),
            "target_start_on": days(target[rows]),
            "worker_id": worker_ids(
                np.where(is_held, spells["person"][spell], -1).astype(np.int64)
            ),
        }
    )


def compensation(world: World, night: int) -> pl.DataFrame:
    """Return pay at each start and after each yearly rise, effective by a night."""
    people, months = world.staff.people, world.months
    is_turn = (months.fiscal_quarter == 0) & (months.quarter_month == 0)
    turn = months.start[:-1][is_turn]
    turn = turn[turn <= night]
    hired, left = people["hired"].astype(np.int64), people["left"]
    jobs = world.staff.jobs
    known = np.flatnonzero(hired <= night)
    is_move = (jobs["day"] > hired[jobs["person"]]) & (jobs["day"] <= night)
    moves = np.flatnonzero(is_move)
    moved = jobs["person"][moves].astype(np.int64)
    gets = (turn[None, :] > hired[known, None] + 90) & (
        turn[None, :] < left[known, None]
    )
    place, year = np.nonzero(gets)
    person = np.concatenate([known, known[place], moved])
    day = np.concatenate([hired[known], turn[year], jobs["day"][moves]])
    job = world.staff.job_of(person, day)
    base, variable = yearly_pay(jobs["role"][job], jobs["segment"][job])
    factor = rises(world, person, day)
    return pl.DataFrame(
        {
            "worker_id": worker_ids(person),
            "effective_date": days(day),
            "base": amounts(np.round(base * factor / 10_000) * 10_000),
            "target_variable": amounts(np.round(variable * factor / 10_000) * 10_000),
            "currency": pl.Series(["USD"]).new_from_index(0, len(person)),
        }
    ).unique(["worker_id", "effective_date"], keep="first").sort(
        "worker_id", "effective_date"
    )  # fmt: skip


def leaves(world: World, night: int) -> pl.DataFrame:
    """Return leaves of absence begun by a night."""
    every = world.staff.leaves
    rows = np.flatnonzero(every["start"] <= night)
    return pl.DataFrame(
        {
            "worker_id": worker_ids(every["person"][rows].astype(np.int64)),
            "start_date": days(every["start"][rows]),
            "end_date": days(every["end"][rows], known_to=night),
            "type": chosen(LEAVE_KINDS, every["kind"][rows]),
        }
    )
