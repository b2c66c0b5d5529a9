"""The score sheet: champions by measure and level, money apart from counts."""

from datetime import date

import polars as pl

from ml.backtest_scores import BACKTEST_SCHEMA, finish_backtest, standings

BASE = {
    "measure": "capacity",
    "origin_on": date(2025, 1, 1),
    "horizon": 1,
    "node_level": "company",
    "node_id": "company",
    "unit": "cents",
    "actual": 100.0,
    "lower": 80.0,
    "upper": 120.0,
}


def row(model: str, forecast: float, **changes: object) -> dict[str, object]:
    plain = {"model": model, "forecast": forecast, "is_baseline": model == "sheet"}
    return BASE | plain | changes


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), infer_schema_length=None)


def test_the_lowest_mean_loss_wins_and_ties_go_to_the_baseline() -> None:
    won = finish_backtest(frame(row("ours", 99.0), row("sheet", 90.0)))
    assert won.filter("is_champion")["model"].to_list() == ["ours"]
    tied = finish_backtest(frame(row("ours", 90.0), row("sheet", 110.0)))
    assert tied.filter("is_champion")["model"].to_list() == ["sheet"]


def test_measures_do_not_decide_for_each_other() -> None:
    rows = finish_backtest(
        frame(
            row("ours", 99.0),
            row("sheet", 50.0),
            row("ours", 10.0, measure="ramp"),
            row("sheet", 90.0, measure="ramp"),
        )
    )
    champion = dict(rows.filter("is_champion").select("measure", "model").iter_rows())
    assert champion == {"capacity": "ours", "ramp": "sheet"}


def test_leavers_are_no_money_and_bring_their_own_loss() -> None:
    rows = finish_backtest(
        frame(
            row("ours", 2.4, unit="leavers", actual=3.0, loss=0.30),
            row("sheet", 3.0, unit="leavers", actual=3.0, loss=0.35),
        )
    )
    assert rows["actual_cents"].null_count() == 2
    assert rows["forecast_value"].to_list() == [2.4, 3.0]
    # the sheet's count was right, but its chances were worse
    assert rows.filter("is_champion")["model"].to_list() == ["ours"]


def test_a_row_over_many_keeps_the_share_covered_and_says_neither() -> None:
    rows = finish_backtest(
        frame(row("ours", 90.0)).with_columns(
            covered_share=pl.lit(0.82), lower=None, upper=None
        )
    )
    assert rows["is_covered"].to_list() == [None]
    assert rows["covered_share"].to_list() == [0.82]


def test_a_standing_compares_the_best_model_with_the_best_baseline() -> None:
    rows = finish_backtest(
        frame(
            row("ours", 95.0),
            row("theirs", 80.0),
            row("sheet", 90.0),
            row("ours", 95.0, origin_on=date(2025, 4, 1)),
            row("sheet", 90.0, origin_on=date(2025, 4, 1)),
        )
    )
    assert rows.schema == pl.Schema(BACKTEST_SCHEMA)
    only = standings(rows).row(0, named=True)
    assert only["challenger"] == "ours"
    assert only["champion"] == "ours"
    assert only["origins_count"] == 2
    assert only["is_used"]
    # errors of 5 and 10 on 100
    assert abs(only["skill_share"] - 0.5) < 1e-12


def test_no_rows_give_no_standing() -> None:
    assert standings(pl.DataFrame(schema=BACKTEST_SCHEMA)).is_empty()
