"""The jobs: a whole night, an answer to one breach, alone or shown, a publication."""

import dagster as dg

from dagster_project.defs.drift.serving import serving_aop, serving_drift_signal
from dagster_project.defs.plan_book.plan_book import plan_book
from dagster_project.defs.planning.proposal import proposal
from dagster_project.defs.warehouse.passes import plan

_SHOWN = dg.AssetSelection.assets(plan_book, plan, serving_aop, serving_drift_signal)

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything, for one night: extracts to drift signal.",
)
replan = dg.define_asset_job(
    "replan",
    selection=dg.AssetSelection.assets(proposal) | _SHOWN,
    description="One proposal for the breach in tag aop/breach, then shown.",
)
answer = dg.define_asset_job(
    "answer",
    selection=dg.AssetSelection.assets(proposal),
    description="One proposal for the breach in tag aop/breach, not yet shown.",
)
publication = dg.define_asset_job(
    "publication",
    selection=_SHOWN,
    description="The plan people published, in the marts and the serving copy.",
)
