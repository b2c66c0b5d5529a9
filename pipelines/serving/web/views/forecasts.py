"""Forecasts: fans, how well each model did before, what it learned of people."""

from pipelines.serving.web.sections import Page, drawn, rows_of


def forecasts(page: Page, level: str, node: str) -> None:
    """Fill the page for one node, the company by default."""
    page.scope.require_whole("the forecasts page")
    page.title = "Forecasts"
    shown = "the company" if level == "company" else f"{level} {node}"
    page.ask(
        "fan",
        f"Bookings of {shown}",
        """
        with booked as (
            select month_start, sum(amount_cents) as actual_cents
            from core.fct_bookings
            where
                is_in_plan and (
                    ? = 'company' or (? = 'segment' and segment_id = ?)
                    or (? = 'region' and region_id = ?)
                    or (? = 'cell' and segment_id || '/' || region_id = ?)
                )
            group by month_start
        ),
        ahead as (
            select * from forecast.fct_bookings_forecast
            where node_level = ? and node_id = ?
        )
        select
            coalesce(booked.month_start, ahead.month_start) as month_start,
            cast(booked.actual_cents as bigint) as actual_cents,
            ahead.p10_cents, ahead.p50_cents, ahead.p90_cents, ahead.horizon,
            ahead.model, ahead.is_thin
        from booked
        full join ahead on booked.month_start = ahead.month_start
        where coalesce(booked.month_start, ahead.month_start) >= (
            select max(as_of) - interval 24 month from meta.publication
        )
        order by 1
        """,
        [level, level, node, level, node, level, node, level, node],
        columns=[
            "month_start",
            "actual_cents",
            "p10_cents",
            "p50_cents",
            "p90_cents",
            "horizon",
            "model",
            "is_thin",
        ],
        caption="Booked of what the plan plans; the forecast's 10th, 50th and 90th "
        "percentile; "
        "horizon in months",
        empty="Nothing was forecast for this node.",
        source=rows_of(
            "forecast.fct_bookings_forecast", node_level=level, node_id=node
        ),
        drawing=drawn(
            "fan",
            f"Bookings of {shown}: what was booked and the forecast's band",
            actual="actual",
            low="p10",
            middle="p50",
            high="p90",
        ),
    )
    page.ask(
        "nodes",
        "Every node, next twelve months",
        """
        select
            node_level, node_id,
            cast(sum(p50_cents) as bigint) as p50_cents,
            count(*) as months_count, bool_or(is_thin) as is_thin,
            string_agg(distinct model, ', ' order by model) as model,
            '/forecasts?level=' || url_encode(node_level) || '&node='
                || url_encode(node_id) as fan
        from forecast.fct_bookings_forecast
        where horizon <= 12
        group by node_level, node_id
        order by
            case node_level when 'company' then 0 when 'segment' then 1
                when 'region' then 2 else 3 end,
            node_id
        """,
        columns=[
            "node_level",
            "node_id",
            "months_count",
            "p50_cents",
            "model",
            "is_thin",
            "fan",
        ],
        caption="Sum of the monthly medians; thin: too little history for a model of "
        "its own",
        empty="Nothing was forecast yet.",
        source=rows_of("forecast.fct_bookings_forecast"),
    )
    page.ask(
        "standing",
        "Which model is used, and over which baseline it won",
        """
        select * from forecast.fct_model_standing order by measure, node_level
        """,
        columns=[
            "measure",
            "node_level",
            "champion",
            "challenger",
            "baseline",
            "skill_share",
            "covered_share",
            "origins_count",
            "forecasts_count",
            "is_judged",
            "is_used",
            "model_version",
        ],
        caption="Skill: how much smaller the challenger's loss is than the baseline's "
        "at past origins, below 0 % the model loses; covered: share of outcomes inside "
        "the 80 % band",
        empty="No model was held against a baseline yet: too little history.",
        source=rows_of("forecast.fct_model_standing"),
    )
    page.ask(
        "backtests",
        "Model cards: how each model did on past origins",
        """
        select
            model, node_level, count(*) as forecasts_count,
            count(distinct origin_on) as origins_count,
            min(origin_on) as first_origin_on, max(origin_on) as last_origin_on,
            bool_or(is_champion) as is_champion,
            sum(abs(error_cents)) / nullif(sum(abs(actual_cents)), 0)
                as weighted_error_share,
            sum(error_cents) / nullif(sum(abs(actual_cents)), 0) as bias_share,
            avg(case when is_covered then 1.0 when not is_covered then 0.0 end)
                as covered_share,
            any_value(as_of) as as_of
        from forecast.fct_backtest
        group by model, node_level
        order by node_level, not bool_or(is_champion), model
        """,
        columns=[
            "model",
            "node_level",
            "is_champion",
            "weighted_error_share",
            "bias_share",
            "covered_share",
            "forecasts_count",
            "origins_count",
            "first_origin_on",
            "last_origin_on",
        ],
        caption="Weighted error: sum of absolute errors over sum of actuals; covered: "
        "share of actuals inside the 80 % band, 80 % is right",
        empty="No model was tried on the past yet: too little history.",
        source=rows_of("forecast.fct_backtest"),
    )
    page.ask(
        "horizons",
        "Error by horizon, champions",
        """
        select
            node_level, horizon,
            sum(abs(error_cents)) / nullif(sum(abs(actual_cents)), 0)
                as weighted_error_share,
            avg(case when is_covered then 1.0 when not is_covered then 0.0 end)
                as covered_share,
            count(*) as forecasts_count
        from forecast.fct_backtest
        where is_champion
        group by node_level, horizon
        order by node_level, horizon
        """,
        columns=[
            "node_level",
            "horizon",
            "weighted_error_share",
            "covered_share",
            "forecasts_count",
        ],
        caption="Horizon in months",
        empty="No model was tried on the past yet.",
        source=rows_of("forecast.fct_backtest", is_champion="true"),
        drawing=drawn(
            "lines",
            "Weighted error of the champion by horizon and level",
            x="horizon",
            value="weighted_error_share",
            by="node_level",
            type="Q",
        ),
    )
