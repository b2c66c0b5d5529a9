"""Review packs of periods that have ended, written by the night that first can."""

import dagster as dg

from dagster_project.failures import stated
from dagster_project.keys import REVIEWS, SIGNAL
from dagster_project.resources import Home
from pipelines.publication import pack


@dg.asset(
    key=REVIEWS,
    deps=[SIGNAL],
    group_name="serving",
    kinds={"html", "pdf"},
    owners=["team:planning"],
)
def packs_reviews(home: Home) -> dg.MaterializeResult[None]:
    """Write the weekly, monthly and quarterly packs that are due and not there yet."""
    with stated():
        made = pack.write_due(home.settings)
    return dg.MaterializeResult(metadata={"packs": [each.period.name for each in made]})
