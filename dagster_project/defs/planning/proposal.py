"""The one asset that writes to the ledger: a proposal, never a publication."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.forecast.forecast import FACTS
from dagster_project.failures import stated
from dagster_project.keys import BREACH_TAG, PROPOSAL
from dagster_project.resources import Home
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.planning.forecast import SCHEMAS
from pipelines.serving.promises import PROMISES, promises

Told = dg.AssetCheckResult | dg.MaterializeResult[None]


@dg.asset(
    key=PROPOSAL,
    deps=[*FACTS, *(dg.AssetKey(["forecast", table]) for table in SCHEMAS)],
    group_name="planning",
    kinds={"ortools"},
    owners=["team:planning"],
    check_specs=[dg.AssetCheckSpec(name, asset=PROPOSAL) for name in PROMISES],
)
def proposal(context: dg.AssetExecutionContext, home: Home) -> Iterator[Told]:
    """Propose the first plan, or the re-plan one breach asks for, if it is due."""
    # here and not above: the solvers cost three seconds in every worker that starts
    from pipelines.planning.proposal import propose_if_due

    with stated():
        made = propose_if_due(
            home.settings, breach_key=context.run.tags.get(BREACH_TAG)
        )
    yield from _told(home, made)


def _told(home: Home, made: PlanVersion | None) -> Iterator[Told]:
    """Hold the newest version to its promises; it is told of without news too.

    What follows waits for this asset, so a night that proposes nothing must not
    leave it out.
    """
    ledger = LedgerReader(home.settings.ledger_url)
    newest = made or ledger.versions()[-1]
    content = ledger.content(newest.version)
    for kept in promises(newest, content):
        yield dg.AssetCheckResult(
            check_name=kept.name, passed=kept.is_kept, metadata={"found": kept.found}
        )
    rows = sum(lines.height for lines in content.values())
    about = {"version": newest.version, "is_new": made is not None}
    yield dg.MaterializeResult(metadata={"dagster/row_count": rows, **about})
