"""Proof lines of the plan as it stands, where people changed what solvers gave."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from data_contracts.money import show
from pipelines.planning.cycle import Content
from pipelines.planning.inputs import Facts
from pipelines.planning.pay import plan_pay
from pipelines.planning.people import Forecasts, planned_reps, teams_of
from pipelines.planning.promise import kept_shares
from pipelines.planning.proofs import COMPANY, ProofLine, proof_lines
from pipelines.planning.replan import cells_of
from pipelines.planning.spans import paid_cents
from pipelines.planning.targets import Horizon
from pipelines.planning.wishes import Wishes
from solvers.result import Proof

FIXED = "with what people fixed by hand, "


def restated(
    before: Content,
    after: Content,
    facts: Facts,
    forecasts: Forecasts,
    plan: Horizon,
    wishes: Wishes,
    *,
    prices_pay: bool,
) -> Content:
    """Work out anew every proof line that what people fixed made untrue.

    Parameters
    ----------
    before, after : component name to lines
        As computed, and with the fixed quotas and hires in it.
    prices_pay : bool
        Whether this plan chose its payout curves, rather than carrying them.

    Returns
    -------
    component name to lines
        `after` with the lines of quotas, months, hiring and pay that hold for it.
        Owners are the solver's own: its lines about territories hold as they are.
    """
    content, new = dict(after), list[ProofLine]()
    if not before["quota"].equals(after["quota"]):
        new += _quotas(before["quota"], after["quota"], wishes)
        if prices_pay:
            reps = planned_reps(facts, starts_on=plan.effective_from)
            content["pay"], priced = plan_pay(
                facts.policy, after["quota"], reps, after["compensation"]
            )
            new += priced
    proofs = after["proof"]
    if not before["hire"].equals(after["hire"]):
        asides = pl.col("node_id").str.starts_with(f"{COMPANY}:p")
        aside = (pl.col("solver") == "hiring") & asides
        told = pl.concat_str(pl.lit("without what people fixed: "), "statement")
        proofs = proofs.with_columns(
            pl.when(aside).then(told).otherwise("statement").alias("statement")
        )
        new += _hires(after, facts, forecasts, plan)
    fresh = proof_lines(new)
    kept = proofs.join(fresh, on=["solver", "node_id"], how="anti")
    content["proof"] = pl.concat([kept, fresh]).sort("solver", "node_id")
    return content


def carried_quotas(quotas: pl.DataFrame, was: pl.DataFrame) -> ProofLine:
    """Say whether the quotas of a re-plan add up, month by month, to what they did."""
    now, then = (_sums(lines, ["month_start"]) for lines in (quotas, was))
    months = sorted(now)
    off = max((abs(now[m] - then.get(m, 0)) for m in months), default=0)
    total = sum(now.values())
    word = "add up to what they did" if off == 0 else f"differ by up to {show(off)}"
    return ProofLine(
        solver="quotas",
        node_id=f"{COMPANY}:carried",
        proof=Proof.FEASIBLE if off == 0 else Proof.BEST_EFFORT,
        unit="cents",
        objective=float(total),
        bound=float(sum(then.get(m, 0) for m in months)),
        gap_share=None,
        is_verified=off == 0,
        statement=f"quotas of {show(total)} are carried over from the version before; "
        f"in every month they {word}",
    )


def _sums(lines: pl.DataFrame, by: Sequence[str]) -> dict[date, int]:
    return dict(lines.group_by(by).agg(pl.col("quota_cents").sum()).iter_rows())


def _quotas(
    before: pl.DataFrame, after: pl.DataFrame, wishes: Wishes
) -> list[ProofLine]:
    """Add up the quotas of every segment in which one was fixed."""
    proofs = []
    for (segment,), now in after.group_by("segment_id", maintain_order=True):
        then = before.filter(pl.col("segment_id") == segment)
        if now.equals(then):
            continue
        fixed = sorted(set(wishes.quota_cents) & set(now["rep_id"]))
        total, was = int(now["quota_cents"].sum()), int(then["quota_cents"].sum())
        odd = total - was
        sums, sums_were = _sums(now, ["month_start"]), _sums(then, ["month_start"])
        off = max(abs(sums[month] - sums_were[month]) for month in sums)
        holds = "exactly what the split gave"
        if odd:
            holds = f"{show(abs(odd))} {'more' if odd > 0 else 'less'} than the split"
        proofs += [
            ProofLine(
                solver="quotas",
                node_id=str(segment),
                proof=Proof.FEASIBLE if odd == 0 else Proof.BEST_EFFORT,
                unit="cents",
                objective=float(total),
                bound=float(was),
                gap_share=None,
                is_verified=odd == 0,
                statement=f"{FIXED}{now['rep_id'].n_unique()} quotas add up to "
                f"{show(total)}, {holds}; fixed: {', '.join(fixed)}; the others took "
                "the difference in proportion, so none is proven nearest to its base",
            ),
            ProofLine(
                solver="months",
                node_id=str(segment),
                proof=Proof.FEASIBLE if off == 0 else Proof.BEST_EFFORT,
                unit="cents",
                objective=float(off),
                bound=0.0,
                gap_share=None,
                is_verified=off == 0,
                statement=f"{FIXED}the quotas of every month add up to what the split "
                + ("gave" if off == 0 else f"gave only to within {show(off)}"),
            ),
        ]
    return proofs


def _hires(
    content: Content, facts: Facts, forecasts: Forecasts, plan: Horizon
) -> list[ProofLine]:
    """Price the hires there are, and draw years with them."""
    policy, limits = facts.policy, facts.policy.capacity
    cells = cells_of(content["target"], plan)
    teams = teams_of(facts, forecasts, cells, plan)
    segments = sorted({team.segment_id for team in teams})
    place = {(team.segment_id, team.role): row for row, team in enumerate(teams)}
    hires = np.zeros((len(teams), len(plan.month_starts)), dtype=np.int64)
    cost = 0
    for row in content["hire"].iter_rows(named=True):
        # who starts within the lead time was decided on before the plan: counted
        # as if decided on its first day, which promises less than they bring
        starts = plan.month_starts.index(row["month_start"])
        decided = max(starts - limits.hire_lead_time_months, 0)
        price = paid_cents(policy, [row["role"]], plan)[0, decided]
        cost += int(row["hires_count"]) * int(price)
        team = place.get((row["segment_id"], row["role"]))
        if team is not None:
            hires[team, decided] += int(row["hires_count"])
    target = np.zeros(len(segments), dtype=np.int64)
    short = 0
    for number, segment in enumerate(segments):
        mine = pl.col("segment_id") == segment
        wanted = int(cells.filter(mine)["value_cents"].sum())
        target[number] = round(wanted / limits.attainment_share)
        have = int(content["capacity"].filter(mine)["capacity_cents"].sum())
        short += max(int(target[number]) - have, 0)
    company = ProofLine(
        solver="hiring",
        node_id=COMPANY,
        proof=Proof.BEST_EFFORT if short else Proof.FEASIBLE,
        unit="cents",
        objective=float(cost),
        bound=None,
        gap_share=None,
        is_verified=True,
        statement=f"{FIXED}{int(content['hire']['hires_count'].sum())} hires cost "
        f"{show(cost)} this year; {show(short)} of expected capacity stay open; not "
        "proven cheapest",
    )
    chances = kept_shares(policy, teams, segments, hires, target, short_of="")
    return [
        company,
        *(replace(line, statement=FIXED + line.statement) for line in chances),
    ]
