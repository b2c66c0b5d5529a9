"""What people fixed by hand is kept by the next solve, and its price is said."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.ledger.content import canonical
from pipelines.ledger.overrides import Ask, Override
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.cycle import Content, PlanDraft
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import Horizon, first_horizon


@pytest.fixture(scope="module")
def plan(facts: Facts) -> Horizon:
    return first_horizon(facts.policy, facts.as_of)


@pytest.fixture(scope="module")
def before(facts: Facts, forecasts: Forecasts, plan: Horizon) -> PlanDraft:
    """The plan people saw and asked to change: version 1."""
    return compute(PlanInputs(facts, forecasts, plan))


def asked(ask: Ask, key: str, value: str, number: int = 7, **more: Any) -> Override:
    facts: dict[str, Any] = {
        "reason": "we agreed",
        "version": 1,
        "until": date(2026, 12, 31),
        "author": "ana",
        "number": number,
        **more,
    }
    return Override(ask=ask, key=key, value=value, **facts)


@pytest.fixture(scope="module")
def after(facts: Facts, forecasts: Forecasts, plan: Horizon, before: PlanDraft) -> Any:
    """Plan again with overrides about version 1."""
    lines: Content = canonical(before.content)
    told = {(1, part): lines[part] for part in ("assignment", "quota")}

    def solve(*overrides: Override) -> PlanDraft:
        inputs = PlanInputs(facts, forecasts, plan, overrides=overrides, told=told)
        return compute(inputs)

    return solve


def owner(draft: PlanDraft, account: str) -> str:
    lines = draft.content["assignment"].filter(pl.col("account_id") == account)
    return str(lines["rep_id"][0])


def months(draft: PlanDraft, by: str) -> dict[Any, int]:
    sums = draft.content["quota"].group_by(by).agg(pl.sum("quota_cents"))
    return dict(sums.sort(by).iter_rows())


def test_nothing_asked_is_nothing_changed(before: PlanDraft, after: Any) -> None:
    again = after()
    for name, frame in before.content.items():
        assert again.content[name].equals(frame), name


def test_an_account_goes_where_it_was_put_and_the_move_has_its_price(
    before: PlanDraft, after: Any
) -> None:
    # a00 is r1's; 1,200 a year of bookings: 100 fixed and 15 % of 1,200 are 280
    assert owner(before, "a00") == "r1"
    moved = after(asked(Ask.ACCOUNT_OWNER, "a00", "r2"))
    assert owner(moved, "a00") == "r2"
    line = moved.content["assignment"].filter(pl.col("account_id") == "a00")
    assert line["reason"][0] == "fixed by ana: we agreed"
    assert "override 7 (account_owner a00) kept, costs 280.00" in moved.notes


def test_an_account_somebody_put_back_stays_though_balance_would_move_it(
    before: PlanDraft, after: Any
) -> None:
    fixed = after(*(asked(Ask.ACCOUNT_OWNER, f"a{n:02d}", "r1", n) for n in range(6)))
    assert {owner(fixed, f"a{n:02d}") for n in range(6)} == {"r1"}


def test_a_locked_book_loses_no_account(after: Any, before: PlanDraft) -> None:
    book = before.content["assignment"].filter(pl.col("rep_id") == "r1")["account_id"]
    locked = after(
        asked(Ask.LOCKED_BOOK, "r1", "yes", 1),
        asked(Ask.ACCOUNT_OWNER, "a01", "r1", 2),
    )
    assert {owner(locked, account) for account in book} == {"r1"}


def test_what_is_asked_of_one_account_counts_more_than_the_lock(after: Any) -> None:
    both = after(
        asked(Ask.LOCKED_BOOK, "r1", "yes", 1),
        asked(Ask.ACCOUNT_OWNER, "a00", "r2", 2),
    )
    assert owner(both, "a00") == "r2"


def test_an_owner_who_left_is_not_waited_for(after: Any) -> None:
    draft = after(asked(Ask.ACCOUNT_OWNER, "a00", "gone"))
    assert owner(draft, "a00") == "r1"
    assert "override 7 not kept: gone cannot own a00" in draft.notes


@pytest.mark.slow
def test_a_fixed_quota_is_kept_to_the_cent_and_its_segment_still_adds_up(
    before: PlanDraft, after: Any
) -> None:
    was = months(before, "rep_id")
    wanted = was["r1"] - 1000_00
    fixed = after(asked(Ask.QUOTA, "r1", str(wanted)))
    now = months(fixed, "rep_id")
    assert now["r1"] == wanted
    assert now["r2"] == was["r2"] + 1000_00
    assert (now["r3"], now["r4"]) == (was["r3"], was["r4"])
    assert months(fixed, "month_start") == months(before, "month_start")
    assert any("1,000.00 less than computed" in note for note in fixed.notes)
    reasons = fixed.content["quota"].filter(pl.col("rep_id") == "r2")["reason"]
    assert reasons.str.ends_with("; r1 fixed by hand").all()


def test_the_quota_targets_follow_the_fixed_quotas(
    after: Any, before: PlanDraft
) -> None:
    fixed = after(asked(Ask.QUOTA, "r3", str(months(before, "rep_id")["r3"] - 500_00)))
    west = (pl.col("node_id") == "west") & (pl.col("measure") == "quota")
    sums = [
        d.content["target"].filter(west)["value_cents"].sum() for d in (before, fixed)
    ]
    assert sums[1] - sums[0] == 500_00  # r4, the only other one, is in the west


@pytest.mark.slow
def test_fixed_quotas_of_a_whole_segment_change_its_sum_and_say_so(
    before: PlanDraft, after: Any
) -> None:
    was = months(before, "rep_id")
    both = after(
        asked(Ask.QUOTA, "r1", str(was["r1"] + 100_00), 1),
        asked(Ask.QUOTA, "r2", str(was["r2"]), 2),
    )
    assert months(both, "rep_id")["r1"] == was["r1"] + 100_00
    assert "fixed quotas change the sum of all quotas by 100.00" in both.notes


def test_more_hires_bring_capacity_and_cost_pay(before: PlanDraft, after: Any) -> None:
    more = after(asked(Ask.HIRES, "smb/ae/2026-07", "2"))
    lines = more.content["hire"].filter(
        pl.col("segment_id") == "smb", pl.col("month_start") == date(2026, 7, 1)
    )
    assert lines["hires_count"].to_list() == [2]
    was, now = (d.content["capacity"] for d in (before, more))
    by = ["segment_id", "role", "month_start"]
    both = now.join(was, on=by, suffix="_was")
    gained = both.filter(pl.col("heads") - pl.col("heads_was") > 1e-9)
    started = (
        before.content["hire"]
        .filter(
            pl.col("segment_id") == "smb", pl.col("month_start") == date(2026, 7, 1)
        )["hires_count"]
        .sum()
    )
    assert gained["month_start"].min() == date(2026, 7, 1)
    assert gained["segment_id"].unique().to_list() == ["smb"]
    assert gained["heads"][0] - gained["heads_was"][0] == pytest.approx(2 - started)
    # 10,000 a month of target pay for every head, six months
    pay = [
        int(d.content["compensation"]["target_pay_cents"].sum()) for d in (before, more)
    ]
    assert pay[1] - pay[0] == round((2 - started) * 6 * 10_000_00)


def test_a_team_nobody_has_is_told(after: Any) -> None:
    draft = after(asked(Ask.HIRES, "smb/wizard/2026-07", "2"))
    assert "override 7 not kept: no such team or month to plan" in draft.notes


@pytest.mark.slow
def test_the_same_wishes_in_any_order_give_the_same_plan(after: Any) -> None:
    wishes = [
        asked(Ask.QUOTA, "r1", "100000", 1),
        asked(Ask.ACCOUNT_OWNER, "a00", "r2", 2),
        asked(Ask.HIRES, "ent/ae/2026-05", "1", 3),
    ]
    one, other = after(*wishes), after(*reversed(wishes))
    for name, frame in one.content.items():
        assert other.content[name].equals(frame), name
    assert one.notes == other.notes


@pytest.mark.slow
def test_the_policy_on_record_is_the_one_decided(facts: Facts, after: Any) -> None:
    after(asked(Ask.ACCOUNT_OWNER, "a00", "r2"))
    assert replace(facts).policy.territories.named_accounts == {}
