"""The lines of a plan version: the rows behind what a proposal says."""

from data_contracts.plan import COMPONENTS
from pipelines.serving.web.browsing import Answer, FilterError
from pipelines.serving.web.changes import mine
from pipelines.serving.web.desk import Desk, NotThereError
from pipelines.serving.web.scope import is_pay
from pipelines.serving.web.sections import SHOWN_ROWS, Page
from pipelines.serving.web.serving import Column
from pipelines.serving.web.views.proposal import refuse_reps
from pipelines.serving.web.views.rows import MOST_DOWNLOADED


def lines(
    desk: Desk,
    page: Page,
    version: int,
    component: str,
    offset: int,
    *,
    is_whole: bool,
) -> None:
    """Fill the lines of one component that the visitor may see; all of them for CSV.

    Raises
    ------
    NotThereError
        If a version has no such component, or versions are not for the visitor.
    NotYoursError
        If the lines are about pay or the whole company, and the visitor is not.
    FilterError
        If a download would hold more than `MOST_DOWNLOADED` lines.
    """
    refuse_reps(page.scope)
    plan = desk.ledger.get(version)
    if component not in COMPONENTS:
        raise NotThereError(
            f"a plan version has no component {component!r}",
            fix="open one from the version's page",
        )
    kinds = COMPONENTS[component]
    if is_pay(f"plan.fct_plan_{component}"):
        page.scope.require_pay(component)
    whose = [name for name in ("rep_id", "previous_rep_id") if name in kinds]
    if not whose:
        page.scope.require_whole(f"the {component} of a plan")
    found = mine(desk.content(version)[component], page.scope, *whose)
    if is_whole and found.height > MOST_DOWNLOADED:
        raise FilterError(
            f"version {version} has {found.height} lines of {component}, and a "
            f"download holds at most {MOST_DOWNLOADED}",
            fix=f"hand them over as files: aop plan export {version}",
        )
    shown = found if is_whole else found.slice(offset, SHOWN_ROWS)
    columns = tuple(Column(name, str(kind), "") for name, kind in kinds.items())
    answer = Answer(component, columns, shown.to_dicts(), found.height)
    page.title = f"Version {version}: {component}"
    page.lead = plan.title
    page.extra |= {"template": "rows.html", "answer": answer, "offset": offset}
    page.show(
        "rows",
        "Lines",
        lambda: answer.rows,
        columns=list(kinds),
        caption=f"{found.height} lines" + (f", from {offset + 1}" if offset else ""),
        empty="The version has no such line.",
        plan_version=version,
        lasts=("lines", version, component, offset, is_whole),
    )
