"""What the CRM held on a night: users, accounts, opportunities, territories, quotas."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import names, norms
from pipelines.demo.deal_history import history
from pipelines.demo.frames import amounts, chosen, days, ids, times
from pipelines.demo.months import NEVER, SECONDS_A_DAY, day_number
from pipelines.demo.owners import owners, seats_of_deals
from pipelines.demo.pay import Quotas
from pipelines.demo.selling import TYPES
from pipelines.demo.staff import AE
from pipelines.demo.storyline import Storyline
from pipelines.demo.world import LAUNCH_SLIPS_DAYS, LAUNCHED, PRODUCTS, World

DEALS_A_CHUNK: Final = 200_000
ROLE_IDS: Final = tuple(norms.ROLES)
SEGMENT_IDS: Final = tuple(s.segment_id for s in norms.SEGMENTS)
EMPLOYEE_NUMBER_FROM: Final = 10_400  # CRM ids and HR ids count differently


def user_ids(person: NDArray[np.int64]) -> pl.Series:
    """Return the CRM ids of people; a negative row has none."""
    return ids("U", person, 4)


def as_of_night(
    first: NDArray[Any],
    moved: NDArray[Any],
    day: NDArray[Any],
    value: NDArray[Any],
    night: int,
) -> NDArray[np.int64]:
    """Replay changes up to a night over first values; a row's latest change wins."""
    values = first.astype(np.int64)
    known = day <= night
    values[moved[known]] = value[known]
    return values


def holders(
    world: World, seat: NDArray[np.int64], day: NDArray[np.int64] | int
) -> NDArray[np.int64]:
    """Return who holds, or last held, each seat on a day; -1 before the first."""
    spell, _ = world.staff.spell_of(seat, day)
    return np.where(spell >= 0, world.staff.spells["person"][spell], -1)


def users(world: World, night: int) -> pl.DataFrame:
    """Return one row per person hired by a night."""
    people = world.staff.people
    rows = np.flatnonzero(people["hired"] <= night)
    named, email = names.people(rows)
    job = world.staff.job_of(rows, night)
    boss = world.staff.seats["supervisor"][world.staff.jobs["seat"][job]]
    boss = boss.astype(np.int64)
    title = chosen(tuple(norms.ROLES.values()), world.staff.jobs["role"][job])
    return pl.DataFrame(
        {
            "user_id": user_ids(rows),
            "name": named,
            "email": email,
            "is_active": people["left"][rows] > night,
            "manager_id": user_ids(
                np.where(boss >= 0, holders(world, boss, night), -1)
            ),
            "role_name": title,
            "employee_number": ids("E", rows + EMPLOYEE_NUMBER_FROM, 6),
        }
    )


def accounts(world: World, night: int) -> pl.DataFrame:
    """Return one row per account known on a night."""
    every, moves, places = world.market.accounts, world.market.moves, world.places
    rows = np.flatnonzero(every["created"] < (night + 1) * SECONDS_A_DAY)
    seat = as_of_night(
        every["first_seat"], moves["account"], moves["day"], moves["seat"], night
    )[rows]
    owner, since = owners(world, seat, night, account=rows)
    city = every["city"][rows]
    changed = np.zeros(len(every), dtype=np.int64)
    known = moves["day"] <= night
    changed[moves["account"][known]] = moves["day"][known]
    latest = np.maximum(changed[rows], since)
    modified = np.maximum(every["created"][rows], latest * SECONDS_A_DAY + 32_400)
    classed = world.market.reclassed
    segment = as_of_night(
        every["first_segment"], classed["account"], classed["day"],
        classed["segment"], night,
    )[rows]  # fmt: skip
    return pl.DataFrame(
        {
            "account_id": ids("A", rows, 7),
            "name": names.companies(rows),
            "parent_id": ids("A", every["parent"][rows], 7),
            "owner_id": user_ids(owner),
            "industry": chosen(norms.INDUSTRIES, every["industry"][rows]),
            "employee_count": every["employees"][rows].astype(np.int64),
            "annual_revenue": amounts(every["revenue_cents"][rows]),
            "city": chosen(places.city, city),
            "region": chosen(norms.REGIONS, every["region"][rows]),
            "postal_code": pl.Series([None] * len(rows), dtype=pl.String),
            "country": chosen(places.country, city),
            "latitude": places.latitude[city],
            "longitude": places.longitude[city],
            "segment": chosen(SEGMENT_IDS, segment),
            "created_at": times(every["created"][rows]),
            "is_deleted": np.zeros(len(rows), dtype=bool),
            "modified_at": times(modified),
        }
    )


def opportunities(
    world: World, night: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield opportunities and their history as of a night, chunk by chunk.

    What was closed before the first day of history is not in the CRM.
    """
    deals, moves = world.deals.rows, world.deals.moves
    cutoff = (night + 1) * SECONDS_A_DAY
    begin = day_number(world.dates.first_day) * SECONDS_A_DAY
    seat = as_of_night(
        deals["first_seat"], moves["deal"], moves["day"], moves["seat"], night
    )
    every = np.flatnonzero((deals["created"] < cutoff) & (deals["ends"] >= begin))
    for start in range(0, max(1, len(every)), DEALS_A_CHUNK):
        rows = every[start : start + DEALS_A_CHUNK]
        changes = history(world, rows, cutoff=cutoff)
        current = _current(world, rows, seat[rows], changes, night)
        yield current, _history(_migrated(world, changes, night))


def _migrated(world: World, changes: pl.DataFrame, night: int) -> pl.DataFrame:
    """Cut what a CRM migration lost: all before its day but the state of open deals."""
    day = Storyline(world.scenario.events, world.dates).begins("crm_migration")
    if night < day:
        return changes
    moment = day * SECONDS_A_DAY + 10_800
    before = changes.filter(pl.col("changed") < moment)
    carried = (
        before.unique("deal", keep="last", maintain_order=True)
        .filter(pl.col("stage") < 4)
        .with_columns(pl.lit(moment).cast(pl.Int64).alias("changed"))
    )
    after = changes.filter(pl.col("changed") >= moment)
    return pl.concat([carried, after]).sort("deal", "changed")


def _current(
    world: World,
    rows: NDArray[np.int64],
    seat: NDArray[np.int64],
    changes: pl.DataFrame,
    night: int,
) -> pl.DataFrame:
    deals = world.deals.rows
    latest = changes.unique("deal", keep="last", maintain_order=True)
    stage = latest["stage"].to_numpy()
    account, kind = deals["account"][rows].astype(np.int64), deals["kind"][rows]
    seat = seats_of_deals(world, rows, seat, stage)
    owner, since = owners(world, seat, night, account=account)
    ended = np.minimum(deals["ends"][rows] // SECONDS_A_DAY, night)
    spell, _ = world.staff.spell_of(seat, ended)
    is_open = stage < 4  # a closed deal stays with who closed it
    owner = np.where(is_open, owner, world.staff.spells["person"][spell])
    since = np.where(is_open, since, world.staff.spells["start"][spell])
    taken_over = since * SECONDS_A_DAY + 32_400
    modified = np.maximum(latest["changed"].to_numpy(), taken_over)
    name = names.companies(account) + " " + chosen(TYPES, kind)
    product_ids = tuple(key for key, _ in PRODUCTS)
    return pl.DataFrame(
        {
            "opportunity_id": ids("O", rows, 8),
            "account_id": ids("A", account, 7),
            "owner_id": user_ids(owner),
            "name": name,
            "type": chosen(TYPES, kind),
            "stage": chosen(norms.STAGES, stage),
            "amount": amounts(latest["amount_cents"]),
            "currency": pl.Series(["USD"]).new_from_index(0, len(rows)),
            "probability": np.array(norms.STAGE_PROBABILITY)[stage],
            "close_date": days(latest["close"].to_numpy()),
            "created_at": times(deals["created"][rows]),
            "is_closed": stage >= 4,
            "is_won": stage == 4,
            "forecast_category": chosen(norms.STAGE_FORECAST, stage),
            "product_id": chosen(product_ids, deals["product"][rows]),
            "modified_at": times(modified),
            "is_deleted": np.zeros(len(rows), dtype=bool),
        }
    )


def _history(changes: pl.DataFrame) -> pl.DataFrame:
    stage = changes["stage"].to_numpy()
    return pl.DataFrame(
        {
            "opportunity_id": ids("O", changes["deal"].to_numpy(), 8),
            "changed_at": times(changes["changed"].to_numpy()),
            "stage": chosen(norms.STAGES, stage),
            "amount": amounts(changes["amount_cents"]),
            "probability": np.array(norms.STAGE_PROBABILITY)[stage],
            "close_date": days(changes["close"].to_numpy()),
            "forecast_category": chosen(norms.STAGE_FORECAST, stage),
        }
    )


def products(world: World, night: int) -> pl.DataFrame:
    """Return the products; the planned one has no launch date until it launches."""
    first = day_number(world.dates.first_day) - 1_500
    launched = np.array([first, first + 400, first + 800, NEVER])
    planned = day_number(world.dates.launch_planned_on)
    slips = world.scenario.events.launch_slips.is_on
    launched[LAUNCHED] = planned + LAUNCH_SLIPS_DAYS * slips
    return pl.DataFrame(
        {
            "product_id": [key for key, _ in PRODUCTS],
            "name": [name for _, name in PRODUCTS],
            "family": ["Platform", "Platform", "Add-on", "Add-on"],
            "is_active": launched <= night,
            "launched_on": days(launched, known_to=night),
        }
    )


def territories(world: World, night: int) -> pl.DataFrame:
    """Return one territory per AE seat opened by a night."""
    seats = world.staff.seats
    rows = np.flatnonzero((seats["role"] == AE) & (seats["opened"] <= night))
    segment, region = seats["segment"][rows], seats["region"][rows]
    number = pl.Series(rows).cast(pl.String)
    label = chosen(norms.REGIONS, region).str.to_uppercase()
    return pl.DataFrame(
        {
            "territory_id": ids("T", rows, 4),
            "name": label + " " + chosen(SEGMENT_IDS, segment) + " " + number,
            "parent_id": pl.Series([None] * len(rows), dtype=pl.String),
            "segment": chosen(SEGMENT_IDS, segment),
            "region": chosen(norms.REGIONS, region),
        }
    )


def territory_members(world: World, night: int) -> pl.DataFrame:
    """Return who held which territory from when to when, as known on a night."""
    spells = world.staff.spells
    is_ae = world.staff.seats["role"][spells["seat"]] == AE
    rows = np.flatnonzero(is_ae & (spells["start"] <= night))
    return pl.DataFrame(
        {
            "territory_id": ids("T", spells["seat"][rows], 4),
            "user_id": user_ids(spells["person"][rows].astype(np.int64)),
            "started_on": days(spells["start"][rows]),
            "ended_on": days(spells["end"][rows].astype(np.int64) - 1, known_to=night),
        }
    )


def quotas(world: World, night: int) -> pl.DataFrame:
    """Return quarterly quotas set before the plan year, known from their first day."""
    every = Quotas.of(world, night)
    shown = np.flatnonzero(every.start < day_number(world.dates.plan_year_start))
    return pl.DataFrame(
        {
            "user_id": user_ids(every.person[shown]),
            "period_start": days(every.start[shown]),
            "period_end": days(every.end[shown]),
            "quota": amounts(every.quota_cents[shown]),
            "currency": pl.Series(["USD"]).new_from_index(0, len(shown)),
        }
    ).sort("user_id", "period_start")
