"""Where sales managers lead, what they cost and the teams they are paid on."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.money import split
from data_contracts.policy import CompanyPolicy, Role
from pipelines.planning.inputs import Facts
from pipelines.planning.people import planned_reps
from pipelines.planning.targets import Horizon

HEADS_SCHEMA = {
    "segment_id": pl.String,
    "role": pl.String,
    "month_start": pl.Date,
    "heads": pl.Float64,
}
TEAM_SCHEMA = {
    "team_id": pl.String,
    "quota_cents": pl.Int64,
    "base_cents": pl.Int64,
    "months": pl.UInt32,
    "heads": pl.Float64,
    "peers": pl.Float64,
}


def helpers_by_segment(
    facts: Facts, role: str, segments: list[str], heads: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Count the people of a role on board who lead or support in each segment.

    Parameters
    ----------
    facts : Facts
    role : str
        Managers, or those who help sellers.
    segments : list of str
        Segments with sellers.
    heads : (n_segments,) float64
        Sellers there.

    Returns
    -------
    (n_segments,) float64, people
        Those of a segment work there; those of no segment, or of one without
        sellers, are shared out by heads.
    """
    on_board = facts.reps.filter(
        pl.col("role") == role,
        pl.col("is_active"),
        pl.col("left_on").is_null() | (pl.col("left_on") > facts.as_of),
    )["segment_id"].to_list()
    here = np.array([on_board.count(segment) for segment in segments], dtype=float)
    anywhere = len(on_board) - here.sum()
    share = heads / heads.sum() if heads.sum() > 0 else np.zeros(len(segments))
    return np.asarray(here + anywhere * share)


def leading_role(policy: CompanyPolicy) -> Role | None:
    """Return the paid role that leads sellers and carries no quota of its own."""
    for role in policy.roles:
        if role.id == policy.capacity.manager_role:
            is_led = role.is_quota_bearing or role.ote_in_currency <= 0
            return None if is_led else role
    return None


def manager_heads(facts: Facts, hires: pl.DataFrame, plan: Horizon) -> pl.DataFrame:
    """Return the managers of each segment and month, those hired included.

    Parameters
    ----------
    facts : Facts
        The whole company, whatever part of it is planned anew.
    hires : frame of hire lines
    plan : Horizon

    Returns
    -------
    frame of segment_id, role, month_start, heads, sorted
        Empty where the policy pays no leading role. Managers are taken to stay.
    """
    role = leading_role(facts.policy)
    if role is None:
        return pl.DataFrame(schema=HEADS_SCHEMA)
    sellers = planned_reps(facts, starts_on=plan.effective_from)["segment_id"]
    hired = hires.filter(pl.col("role") == role.id)
    segments = sorted({*sellers.to_list(), *hired["segment_id"].to_list()})
    here = sellers.to_list()
    counts = np.array([here.count(segment) for segment in segments], dtype=float)
    leading = dict(
        zip(segments, helpers_by_segment(facts, role.id, segments, counts), strict=True)
    )
    starts = {
        (str(segment), month): int(count)
        for segment, month, count in hired.select(
            "segment_id", "month_start", "hires_count"
        ).iter_rows()
    }
    rows = []
    for segment in segments:
        heads = leading[segment]
        for month in plan.month_starts:
            heads += starts.get((segment, month), 0)
            if heads > 0:
                rows.append((segment, role.id, month, float(heads)))
    return pl.DataFrame(rows, schema=HEADS_SCHEMA, orient="row")


def led_teams(role: Role, heads: pl.DataFrame, quotas: pl.DataFrame) -> pl.DataFrame:
    """Return what each manager is measured on: an even part of a segment's quotas.

    Parameters
    ----------
    role : Role
        The leading role.
    heads : frame of segment_id, role, month_start, heads
        Managers by month; the year's most in a segment share its quotas.
    quotas : frame of rep_id, segment_id, month_start, quota_cents, base_cents

    Returns
    -------
    frame of team_id, quota_cents, base_cents, months, heads, peers
        One row per manager, a part of one counting as `heads` below 1; `peers` is how
        many sellers' luck averages out in the team.
    """
    rows: list[dict[str, object]] = []
    led = (
        heads.filter(pl.col("role") == role.id)
        .group_by("segment_id")
        .agg(pl.col("heads").mean(), most=pl.col("heads").max())
        .sort("segment_id")
    )
    for segment, mean, most in led.iter_rows():
        mine = quotas.filter(pl.col("segment_id") == segment)
        quota = int(mine["quota_cents"].sum())
        if quota <= 0:
            continue
        teams = int(np.ceil(most))
        base = split(int(mine["base_cents"].sum()), [1] * teams)
        rows += [
            {
                "team_id": f"{segment}/{place + 1}",
                "quota_cents": part,
                "base_cents": base[place],
                "months": mine["month_start"].n_unique(),
                "heads": mean / teams,
                "peers": max(mine["rep_id"].n_unique() / teams, 1.0),
            }
            for place, part in enumerate(split(quota, [1] * teams))
        ]
    return pl.DataFrame(rows, schema=TEAM_SCHEMA)


def led_segments(in_force: Mapping[str, pl.DataFrame], role: Role) -> pl.DataFrame:
    """Return each segment's quota of a plan and the managers it is led by.

    Returns
    -------
    frame of rep_id, quota_cents, months, heads, sorted
        `rep_id` is the segment: managers of one are measured alike.
    """
    heads = (
        in_force["compensation"]
        .filter(pl.col("role") == role.id)
        .group_by("segment_id")
        .agg(pl.col("heads").mean())
    )
    return (
        in_force["quota"]
        .group_by("segment_id")
        .agg(pl.col("quota_cents").sum(), months=pl.col("month_start").n_unique())
        .filter(pl.col("quota_cents") > 0)
        .join(heads, on="segment_id")
        .rename({"segment_id": "rep_id"})
        .sort("rep_id")
    )


def led_bookings(
    in_force: Mapping[str, pl.DataFrame], role: Role, booked: pl.DataFrame
) -> pl.DataFrame:
    """Credit every booking of a seller with quota to the managers of the segment.

    Returns
    -------
    frame of rep_id, month_start, role, bookings_cents
        `rep_id` is the segment: managers of one are measured alike.
    """
    segment = in_force["quota"].group_by("rep_id").agg(pl.col("segment_id").first())
    return (
        booked.drop("role")
        .join(segment, on="rep_id")
        .select(
            pl.col("segment_id").alias("rep_id"),
            "month_start",
            pl.lit(role.id).alias("role"),
            "bookings_cents",
        )
    )
