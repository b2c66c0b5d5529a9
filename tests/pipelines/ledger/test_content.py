"""One canonical form, one hash, whatever order the lines came in."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import LedgerError
from data_contracts.plan import COMPONENTS
from pipelines.ledger.content import canonical, content_hash

HIRE = {
    "segment_id": ["smb", "ent", "smb"],
    "role": ["ae", "ae", "sdr"],
    "month_start": [date(2026, 3, 1), date(2026, 2, 1), date(2026, 2, 1)],
    "hires_count": [2, 1, 4],
    "reason": ["gap of 3", None, ""],
}


def test_every_component_is_there_even_without_lines() -> None:
    empty = canonical({})
    assert list(empty) == list(COMPONENTS)
    assert all(frame.is_empty() for frame in empty.values())


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.permutations(range(3)), st.permutations(sorted(HIRE)))
def test_order_of_lines_and_columns_does_not_change_the_hash(
    lines: list[int], columns: list[str]
) -> None:
    frame = pl.DataFrame(HIRE)
    shuffled = frame[lines].select(columns)
    assert content_hash(canonical({"hire": shuffled})) == content_hash(
        canonical({"hire": frame})
    )


@pytest.mark.parametrize(
    "change",
    [
        {"hires_count": [2, 1, 5]},
        {"reason": ["gap of 3", "", ""]},  # null and empty text are two things
        {"reason": ["gap of 3", None, None]},
        {"role": ["ae", "ae", "csm"]},
        {"month_start": [date(2026, 4, 1), date(2026, 2, 1), date(2026, 2, 1)]},
    ],
)
def test_any_changed_value_changes_the_hash(change: dict[str, list[Any]]) -> None:
    assert content_hash(canonical({"hire": pl.DataFrame(HIRE | change)})) != (
        content_hash(canonical({"hire": pl.DataFrame(HIRE)}))
    )


def test_text_cannot_slide_from_one_line_to_the_next() -> None:
    one = pl.DataFrame(HIRE | {"reason": ["ab", "c", "d"]})
    other = pl.DataFrame(HIRE | {"reason": ["a", "bc", "d"]})
    assert content_hash(canonical({"hire": one})) != content_hash(
        canonical({"hire": other})
    )


def test_the_hash_is_pinned_so_that_old_versions_verify_for_ever() -> None:
    assert content_hash(canonical({"hire": pl.DataFrame(HIRE)})) == PINNED


PINNED = "f4be4c838efdc36dd9f2f1b03c091e2fd0582f1b3810116a43942d9fe2ae8f8f"


def test_narrow_integers_and_categories_are_the_same_plan() -> None:
    narrow = pl.DataFrame(HIRE).with_columns(
        pl.col("hires_count").cast(pl.Int16), pl.col("role").cast(pl.Categorical)
    )
    assert content_hash(canonical({"hire": narrow})) == content_hash(
        canonical({"hire": pl.DataFrame(HIRE)})
    )


def test_minus_zero_is_zero() -> None:
    def capacity(heads: float) -> pl.DataFrame:
        cents = [name for name in COMPONENTS["capacity"] if name.endswith("_cents")]
        return pl.DataFrame(
            {
                "segment_id": ["smb"],
                "role": ["ae"],
                "month_start": [date(2026, 1, 1)],
                "heads": [heads],
                "ramped_heads": [heads],
                **{name: [1] for name in cents},
            }
        )

    assert content_hash(canonical({"capacity": capacity(-0.0)})) == content_hash(
        canonical({"capacity": capacity(0.0)})
    )
    with pytest.raises(LedgerError, match="holds a number that is not finite"):
        canonical({"capacity": capacity(float("nan"))})


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame(HIRE).drop("role"), "hire lacks role"),
        (pl.DataFrame(HIRE).with_columns(x=1), "hire has the unknown x"),
        (
            pl.DataFrame(HIRE).with_columns(pl.col("hires_count").cast(pl.Float64)),
            "hire.hires_count is Float64, not whole numbers",
        ),
        (
            pl.DataFrame(HIRE).with_columns(month_start=pl.lit("soon")),
            "hire.month_start is String and does not fit date",
        ),
        (
            pl.DataFrame(HIRE).with_columns(role=pl.lit(None, dtype=pl.String)),
            "hire has lines without role",
        ),
        (
            pl.concat([pl.DataFrame(HIRE)] * 2),
            "hire holds 6 lines that share a key, e.g. ent, ae, 2026-02-01",
        ),
    ],
)
def test_a_broken_line_is_refused_with_its_name(frame: pl.DataFrame, said: str) -> None:
    with pytest.raises(LedgerError) as refused:
        canonical({"hire": frame})
    assert refused.value.what == said


def test_an_unknown_component_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LedgerError, match="use one of target, capacity, hire"):
        canonical({"bonus": pl.DataFrame()})
