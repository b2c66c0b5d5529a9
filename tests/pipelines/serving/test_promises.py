"""What every proposal must keep, on plans small enough to add up by hand."""

from dataclasses import replace

import polars as pl
import pytest

from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.serving.promises import PROMISES, promises
from pipelines.settings import Settings

Content = dict[str, pl.DataFrame]


@pytest.fixture
def proposal(home: Settings) -> tuple[PlanVersion, Content]:
    ledger = LedgerReader(home.ledger_url)
    return ledger.get(2), ledger.content(2)


def kept(plan: PlanVersion, content: Content) -> dict[str, bool]:
    return {one.name: one.is_kept for one in promises(plan, content)}


def test_a_sound_proposal_keeps_every_promise(
    proposal: tuple[PlanVersion, Content],
) -> None:
    assert kept(*proposal) == dict.fromkeys(PROMISES, True)


def test_a_cent_missing_from_one_quota_is_found(
    proposal: tuple[PlanVersion, Content],
) -> None:
    plan, content = proposal
    short = content["quota"].with_columns(
        pl.col("quota_cents") - (pl.int_range(pl.len()) == 3).cast(pl.Int64)
    )
    assert not kept(plan, content | {"quota": short})["quotas_sum_to_target"]


def test_quotas_below_the_bookings_target_are_found(
    proposal: tuple[PlanVersion, Content],
) -> None:
    # quotas of 110,000 cents a month agree with their own line but not with bookings
    plan, content = proposal
    is_bookings = (pl.col("measure") == "bookings").cast(pl.Int64)
    more = content["target"].with_columns(pl.col("value_cents") + 20_000 * is_bookings)
    assert not kept(plan, content | {"target": more})["quotas_sum_to_target"]


def test_uneven_books_may_stand_only_with_their_label(
    proposal: tuple[PlanVersion, Content],
) -> None:
    plan, content = proposal
    labelled = promises(replace(plan, territory_proof="best_effort"), content)[1]
    assert labelled.is_kept
    assert "best_effort" in labelled.found
    silent = replace(plan, territory_proof=None)
    assert not kept(silent, content)["books_inside_tolerance"]


def test_a_proposal_without_a_gap_says_so(
    proposal: tuple[PlanVersion, Content],
) -> None:
    plan, content = proposal
    silent = replace(plan, territory_gap_share=None)
    assert not kept(silent, content)["gap_is_stated"]
