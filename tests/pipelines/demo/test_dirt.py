"""Dirt: at its rate, the same every night, off at zero, and its truth kept."""

from dataclasses import fields, replace
from datetime import date, datetime
from functools import cache

import numpy as np
import polars as pl
import pytest

from pipelines.demo.dirt import GONE_USER, Soiler
from pipelines.demo.extracts import extracts
from pipelines.demo.months import day_number
from pipelines.demo.scenario import CLEAN, REAL_DIRT, Dirt, Scenario
from pipelines.demo.sizes import demo_dates
from pipelines.demo.world import World, live

FIRST = date(2024, 2, 1)
NIGHT = demo_dates(size="small", first_day=FIRST).first_night
LEAVER_NIGHT = demo_dates().leaver_night


@cache
def company(size: str) -> World:
    until = NIGHT if size == "small" else LEAVER_NIGHT
    first = FIRST if size == "small" else None
    return live(size=size, seed=2, first_day=first, as_of=until, scenario=Scenario())


def world(dirt: Dirt, size: str = "small") -> World:
    """Tell the same company with other dirt: dirt is no part of what happens."""
    return replace(company(size), scenario=Scenario(dirt=dirt))


@cache
def soiled(
    dirt: Dirt = REAL_DIRT, night: date = NIGHT, size: str = "small"
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    past = world(dirt, size)
    soiler = Soiler(past, day_number(night))
    pieces: dict[str, list[pl.DataFrame]] = {}
    for contract, frame in extracts(past, night, soiler=soiler):
        pieces.setdefault(contract, []).append(frame)
    tables = {contract: pl.concat(frames) for contract, frames in pieces.items()}
    return tables, pl.concat(soiler.marks)


def clean() -> dict[str, pl.DataFrame]:
    return soiled(CLEAN)[0]


@pytest.mark.slow
def test_dirt_changes_what_is_told_and_not_what_happens() -> None:
    clean_past, soiled_past = (
        live(size="tiny", seed=2, as_of=date(2025, 3, 1), scenario=Scenario(dirt=dirt))
        for dirt in (CLEAN, REAL_DIRT)
    )
    for part, table, names in (
        ("deals", "rows", ("created", "ends", "outcome", "amount_cents", "closer")),
        ("market", "accounts", ("seat", "potential_cents", "customer_from")),
        ("staff", "spells", ("seat", "person", "start", "end")),
        ("books", "lines", ("item", "amount_cents", "start", "end")),
    ):
        one, other = (
            getattr(getattr(past, part), table) for past in (clean_past, soiled_past)
        )
        for name in names:
            assert np.array_equal(one[name], other[name]), (table, name)


@pytest.mark.slow
def test_no_rate_means_no_dirt() -> None:
    found, marks = soiled(CLEAN)
    assert marks.is_empty()
    plain = dict(extracts(world(CLEAN), NIGHT))
    assert found["crm-accounts"].equals(plain["crm-accounts"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "contract", "kind"),
    [
        ("duplicate_account_share", "crm-accounts", "duplicate"),
        ("blank_industry_share", "crm-accounts", "blank"),
        ("variant_spelling_share", "crm-accounts", "variant"),
        ("orphan_owner_share", "crm-accounts", "orphan owner"),
        ("zero_amount_share", "crm-opportunities", "zero amount"),
        ("late_edit_share", "crm-opportunities", "late edit"),
        ("backdated_stage_share", "crm-opportunity-history", "backdated"),
        ("missing_crosswalk_share", "crm-users", "no number"),
        ("local_time_share", "crm-opportunities", "local time"),
        ("offset_time_share", "crm-opportunities", "offset"),
        ("offset_time_share", "crm-accounts", "offset"),
    ],
)
def test_each_fault_comes_at_about_its_rate(
    rate: str, contract: str, kind: str
) -> None:
    _, marks = soiled()
    rows = clean()[contract].height
    column = "industry" if rate == "blank_industry_share" else None
    mine = marks.filter((pl.col("contract") == contract) & (pl.col("kind") == kind))
    if column:
        mine = mine.filter(pl.col("column_name") == column)
    wanted = getattr(REAL_DIRT, rate)
    spread = 4 * (wanted * rows) ** 0.5
    assert abs(mine.height - wanted * rows) <= max(spread, 0.3 * wanted * rows)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [part.name for part in fields(Dirt)])
def test_each_rate_can_be_set_alone(rate: str) -> None:
    extra = {"duplicate_account_share": 0.5} if rate == "two_accounts_share" else {}
    only = replace(CLEAN, **{rate: 0.5, **extra})
    _, marks = soiled(only, LEAVER_NIGHT, "tiny")
    kinds = set(marks["kind"]) - ({"duplicate", "on the copy"} if extra else set())
    assert len(kinds - {"on the copy"}) == 1


@pytest.mark.slow
def test_the_marks_give_back_the_clean_extract() -> None:
    found, marks = soiled()
    for contract, column in (
        ("crm-accounts", "industry"),
        ("crm-accounts", "owner_id"),
        ("crm-opportunities", "account_id"),
        ("billing-customers", "account_id"),
        ("crm-users", "employee_number"),
    ):
        key = found[contract].columns[0]
        known = (
            marks.filter(
                (pl.col("contract") == contract) & (pl.col("column_name") == column)
            )
            .group_by("row_key")
            .first()
        )  # a cell spelt twice was true at first
        mended = (
            found[contract]
            .join(known, left_on=key, right_on="row_key", how="left")
            .with_columns(pl.coalesce("true_value", column).alias(column))
            .select(key, column)
        )
        truth = clean()[contract].select(key, column)
        mended = mended.join(truth.select(key), on=key, how="semi").sort(key)
        assert mended.equals(truth.sort(key)), (contract, column)


def test_every_duplicate_points_at_its_original() -> None:
    found, marks = soiled()
    copies = marks.filter(pl.col("kind") == "duplicate")
    accounts = set(found["crm-accounts"]["account_id"])
    assert set(copies["row_key"]) <= accounts
    assert set(copies["true_value"]) <= accounts
    assert found["crm-accounts"]["account_id"].is_unique().all()


def test_orphan_owners_are_nobody_in_the_user_list() -> None:
    found, _ = soiled()
    assert GONE_USER in set(found["crm-accounts"]["owner_id"])
    assert GONE_USER not in set(found["crm-users"]["user_id"])


def test_a_soiled_cell_stays_soiled_the_next_night() -> None:
    early, late = soiled(night=date(2026, 6, 30))[1], soiled()[1]
    lasting = early.filter(pl.col("kind").is_in(["blank", "orphan owner", "duplicate"]))
    keys = ["contract", "row_key", "column_name", "kind"]
    assert lasting.join(late, on=keys, how="anti").is_empty()


def test_an_offset_tells_the_same_moment_in_other_words() -> None:
    found, marks = soiled()
    told = marks.filter(pl.col("kind") == "offset").join(
        found["crm-opportunities"], left_on="row_key", right_on="opportunity_id"
    )
    assert told.height > 50
    assert told["created_at"].str.slice(19).n_unique() > 4  # several zones
    # both texts, read with their offsets, are one moment
    for column in ("created_at", "true_value"):
        assert told[column].str.len_chars().min() >= 20
    read = [datetime.fromisoformat(text) for text in told["created_at"].to_list()]
    true = [datetime.fromisoformat(text) for text in told["true_value"].to_list()]
    assert read == true


def test_local_time_called_utc_is_off_by_the_sellers_offset() -> None:
    found, marks = soiled(replace(CLEAN, local_time_share=0.5))
    told = marks.filter(
        (pl.col("kind") == "local time") & (pl.col("contract") == "crm-opportunities")
    ).join(found["crm-opportunities"], left_on="row_key", right_on="opportunity_id")
    true = told["true_value"].str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z")
    hours = (told["created_at"] - true).dt.total_minutes() / 60
    assert hours.min() >= -8  # Pacific winter
    assert hours.max() <= 13  # Auckland summer
    assert hours.n_unique() > 6


def test_no_open_deal_is_past_its_close_date_when_somebody_cares() -> None:
    for share, wanted in ((0.0, False), (1.0, True)):
        deals = soiled(replace(CLEAN, past_close_date_share=share))[0]
        still = deals["crm-opportunities"].filter(~pl.col("is_closed"))
        assert (still["close_date"] < NIGHT).any() == wanted


def test_the_marks_tell_when_a_stale_deal_really_ends() -> None:
    _, marks = soiled(replace(CLEAN, past_close_date_share=1.0))
    assert set(marks["kind"]) == {"past close date"}
    ends = marks["true_value"].str.to_date()
    assert (ends > NIGHT).all()


def test_the_marks_tell_who_should_have_a_leavers_book() -> None:
    found, marks = soiled(replace(CLEAN, left_owner_share=1.0))
    assert set(marks["kind"]) == {"left owner"}
    active = set(found["crm-users"].filter("is_active")["user_id"])
    owners = found["crm-accounts"].join(marks, left_on="account_id", right_on="row_key")
    assert owners.height > 0
    assert not set(owners["owner_id"]) & active
    assert set(owners["true_value"]) <= active
