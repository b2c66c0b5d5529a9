"""What finance booked and budgeted by month: pay that was earned, costs of revenue."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.frames import amounts, chosen, days
from pipelines.demo.months import day_number
from pipelines.demo.pay import commissions, rises, yearly_pay
from pipelines.demo.recurring import arr_total
from pipelines.demo.staff import AE, CRO, CSM, DIRECTOR, MANAGER, SDR, SE
from pipelines.demo.world import World

CLOSE_DAYS: Final = 10  # after a month ends until its books close; assumption
EMPLOYER_SHARE: Final = 0.15  # on top of salaries; assumption
TRAVEL_SHARE: Final = 0.05  # of sales salaries; assumption
NOISE: Final = 0.03  # sigma of what follows revenue, month by month; assumption
BUDGET_GROWTH_YEAR: Final = 0.25  # B: Benchmarkit, the median company
SELLING: Final = "sales_and_marketing"
LINES: Final = (
    ("Sales", "Salaries", SELLING),
    ("Sales", "Commissions", SELLING),
    ("Sales", "Travel", SELLING),
    ("Sales Development", "Salaries", SELLING),
    ("Sales Development", "Commissions", SELLING),
    ("Customer Success", "Salaries", SELLING),
    ("Customer Success", "Commissions", SELLING),
    ("Marketing", "Salaries", SELLING),
    ("Marketing", "Programs", SELLING),
    ("Cloud Operations", "Hosting", "cost_of_revenue"),
    ("Support", "Salaries", "cost_of_revenue"),
    ("Engineering", "Salaries", "research_and_development"),
    ("Administration", "Salaries", "general_and_administrative"),
)
SALES, COMMISSION, TRAVEL, SDR_PAY, SDR_BONUS, CSM_PAY, CSM_BONUS = range(7)
# of a month's recurring revenue, for the lines from marketing on; assumption, so that
# selling costs about 40 % and serving 22 % of revenue (B: Benchmarkit, KeyBanc)
OF_REVENUE: Final = (0.05, 0.10, 0.13, 0.09, 0.22, 0.12)
PAY_LINE: Final = {
    AE: SALES, MANAGER: SALES, DIRECTOR: SALES, CRO: SALES, SE: SALES, SDR: SDR_PAY,
    CSM: CSM_PAY,
}  # fmt: skip


def finance_actuals(world: World, night: int) -> pl.DataFrame:
    """Return expense by month, department and account, as the ledger held it.

    Parameters
    ----------
    world : World
        The company.
    night : int, day number

    Returns
    -------
    DataFrame
        Canonical ``finance-actuals``, from the first month of history to the end of
        the fiscal year; actual is null until a month's books have closed.

    Notes
    -----
    A year's budget is what the months before it cost, growing by a quarter a year,
    with commissions following the season of bookings.
    """
    months = world.months
    closed = int((months.start[1:] + CLOSE_DAYS <= night + 1).sum())
    spent = _spent(world, closed)
    first = int(months.of(np.array([day_number(world.dates.first_day)]))[0])
    now = int(months.of(np.array([night]))[0])
    last = now + 11 - int(months.fiscal_quarter[now] * 3 + months.quarter_month[now])
    span = np.arange(first, last + 1)
    budget = np.stack([_budget(world, spent, place) for place in span.tolist()])
    actual = np.full(budget.shape, -1, dtype=np.int64)
    known = span < closed
    actual[known] = spent[span[known]]
    has_sdr = bool((world.staff.seats["role"] == SDR).any())
    used = [k for k in range(len(LINES)) if has_sdr or k not in (SDR_PAY, SDR_BONUS)]
    budget, actual = budget[:, used], actual[:, used]
    month, line = np.divmod(np.arange(budget.size), len(used))
    origin = np.datetime64(int(months.start[0]), "D").astype("datetime64[M]")
    start = (origin + span).astype("datetime64[D]").astype(np.int64)
    department, account, kind = (
        tuple(LINES[k][place] for k in used) for place in range(3)
    )
    return pl.DataFrame(
        {
            "month_start": days(start[month]),
            "department": chosen(department, line),
            "account": chosen(account, line),
            "expense_type": chosen(kind, line),
            "actual": amounts(_nulled(actual)),
            "budget": amounts(_nulled(budget)),
            "currency": pl.Series(["USD"]).new_from_index(0, len(month)),
        }
    )


def _nulled(cents: NDArray[np.int64]) -> pl.Series:
    series = pl.Series(cents.ravel())
    return series.set(series < 0, None)


def _spent(world: World, closed: int) -> NDArray[np.int64]:
    """Return what each closed month cost by line, cents, (n_months, n_lines)."""
    spent = np.zeros((closed, len(LINES)))
    earned = commissions(world, int(world.months.start[closed]) - 1)
    place = world.months.of(earned.start)[:, None] + np.arange(3)
    there = place < closed
    np.add.at(spent[:, COMMISSION], place[there], earned.paid_cents[there])
    for month in range(closed):
        _pay_month(world, month, spent)
    ordinal = np.arange(closed) + np.datetime64(int(world.months.start[0]), "D").astype(
        "datetime64[M]"
    ).astype(np.int64)
    revenue = np.array(
        [arr_total(world, int(day) - 1) / 12 for day in world.months.start[1:][:closed]]
    )
    for place_of, share in enumerate(OF_REVENUE, CSM_BONUS + 1):
        noise = streams.normal_of(world.seed, f"cost {place_of}", ordinal)
        spent[:, place_of] = revenue * share * np.exp(NOISE * noise)
    spent[:, TRAVEL] = TRAVEL_SHARE * spent[:, SALES]
    return np.rint(spent).astype(np.int64)


def _pay_month(world: World, month: int, spent: NDArray[np.float64]) -> None:
    """Add a month's salaries, and the bonuses of those without a quota at target."""
    people = world.staff.people
    first, after = (int(day) for day in world.months.start[month : month + 2])
    hired, left = (people[name].astype(np.int64) for name in ("hired", "left"))
    person = np.flatnonzero((hired < after) & (left >= first))
    worked = np.minimum(left[person] + 1, after) - np.maximum(hired[person], first)
    share = worked / (after - first) * people["fte"][person] / 12
    day = np.minimum(np.maximum(hired[person], first + 14), after - 1)
    job = world.staff.job_of(person, day)
    role = world.staff.jobs["role"][job]
    base, variable = yearly_pay(role, world.staff.jobs["segment"][job])
    grown = rises(world, person, day) * share
    line = np.array([PAY_LINE[place] for place in range(len(norms.ROLES))])[role]
    np.add.at(spent[month], line, base * grown * (1 + EMPLOYER_SHARE))
    at_target = role != AE
    bonus = np.where(line == SALES, COMMISSION, line + 1)
    np.add.at(spent[month], bonus[at_target], (variable * grown)[at_target])


def _budget(world: World, spent: NDArray[np.int64], month: int) -> NDArray[np.int64]:
    """Return a month's budget by line, set before its fiscal year; -1 with no past."""
    months = world.months
    begun = int(months.fiscal_quarter[0] * 3 + months.quarter_month[0])
    ahead = (begun + month) % 12  # months into the fiscal year
    begins = month - ahead
    past = spent[max(0, begins - 4) : max(0, begins - 1)]
    year = spent[max(0, begins - 13) : max(0, begins - 1)]
    if not len(past):
        return np.full(len(LINES), -1, dtype=np.int64)
    level = past.mean(axis=0)
    level[COMMISSION] = year[:, COMMISSION].mean()
    level[COMMISSION] *= 4 * norms.QUARTER_SHARE[ahead // 3]
    level[COMMISSION] *= 3 * norms.MONTH_OF_QUARTER_SHARE[ahead % 3]
    grown = level * (1 + BUDGET_GROWTH_YEAR * (ahead + 3) / 12)
    budget: NDArray[np.int64] = np.rint(grown / 100_000).astype(np.int64) * 100_000
    return budget
