"""Dirt: at its rate, the same every night, off at zero, and its truth kept."""

from dataclasses import fields, replace
from datetime import date
from functools import cache

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


@cache
def world(dirt: Dirt = REAL_DIRT) -> World:
    return live(
        size="small", seed=2, first_day=FIRST, as_of=NIGHT, scenario=Scenario(dirt=dirt)
    )


@cache
def soiled(
    dirt: Dirt = REAL_DIRT, night: date = NIGHT
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    soiler = Soiler(world(dirt), day_number(night))
    pieces: dict[str, list[pl.DataFrame]] = {}
    for contract, frame in extracts(world(dirt), night, soiler=soiler):
        pieces.setdefault(contract, []).append(frame)
    tables = {contract: pl.concat(frames) for contract, frames in pieces.items()}
    return tables, pl.concat(soiler.marks)


def clean() -> dict[str, pl.DataFrame]:
    return soiled(CLEAN)[0]


def test_no_rate_means_no_dirt() -> None:
    found, marks = soiled(CLEAN)
    assert marks.is_empty()
    plain = dict(extracts(world(CLEAN), NIGHT))
    assert found["crm-accounts"].equals(plain["crm-accounts"])


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


@pytest.mark.parametrize("rate", [part.name for part in fields(Dirt)])
def test_each_rate_can_be_set_alone(rate: str) -> None:
    extra = {"duplicate_account_share": 0.5} if rate == "two_accounts_share" else {}
    only = replace(CLEAN, **{rate: 0.5, **extra})
    _, marks = soiled(only)
    kinds = set(marks["kind"]) - ({"duplicate", "on the copy"} if extra else set())
    assert len(kinds - {"on the copy"}) == 1


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
