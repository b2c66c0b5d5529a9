"""Show a newly published plan without waiting for the night."""

import dagster as dg

from dagster_project.defs.jobs import publication
from dagster_project.defs.plan_book.plan_book import LEDGER
from pipelines.ledger.queries import LedgerReader
from pipelines.settings import Settings


@dg.sensor(
    job=publication,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def plan_published(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult | dg.SkipReason:
    """Request one publication run whenever people published a version."""
    if not settings.policy_file.is_file():
        return dg.SkipReason(f"{settings.home} is not a home yet: aop init")
    published = [
        v for v in LedgerReader(settings.ledger_url).versions() if v.published_at
    ]
    if not published:
        return dg.SkipReason("no plan version was ever published")
    newest = max(published, key=lambda each: (each.published_at, each.version))
    key = f"published-{newest.version}"
    if key == context.cursor:
        return dg.SkipReason(f"version {newest.version} was already sent to be shown")
    seen = dg.AssetMaterialization(
        LEDGER.key, metadata={"version": newest.version, "title": newest.title}
    )
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key)], asset_events=[seen], cursor=key
    )
