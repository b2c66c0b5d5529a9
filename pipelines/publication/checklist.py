"""What people do on the day of a cutover, step by step, as Markdown."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from pipelines.ledger.records import PlanVersion
from pipelines.publication.crm_diff import Change
from pipelines.publication.crm_state import QUERIES
from pipelines.publication.crm_target import CrmTarget


class Cutover(Protocol):
    """What the checklist needs to know of an outbox."""

    @property
    def day(self) -> date:
        """Day of the cutover."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Records by load file, in loading order."""

    @property
    def waiting(self) -> Mapping[str, int]:
        """Records by load file that need an id first."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, and why."""


def checklist(
    plan: PlanVersion, cutover: Cutover, target: CrmTarget, reverse: list[Change]
) -> str:
    """Return the checklist of one version's cutover.

    Parameters
    ----------
    plan : PlanVersion
        What goes live.
    cutover : Cutover
        Its counts and gaps.
    target : CrmTarget
        Fills the ids into the export queries.
    reverse : list of Change
        What would undo it, to say how much of that needs ids first.
    """
    steps = [
        f"- [ ] `crm/{place:02d}-{name}`: {count} records"
        for place, (name, count) in enumerate(cutover.counts.items(), start=1)
        if count
    ]
    waiting = [
        f"- [ ] {count} records of `{name}` wait for ids of records loaded before: "
        "export `live/` again, run this again, load what is new"
        for name, count in cutover.waiting.items()
    ]
    exports = [
        f"- [ ] `live/{name}.csv`: `{_filled(query, target)}`"
        for name, query in QUERIES.items()
    ]
    needs_ids = sum(each.waiting for each in reverse)
    lines = [
        f"# Cutover to plan version {plan.version} on {cutover.day}",
        "",
        f"{plan.title}. Approved by {plan.decided_by}. Content `{plan.content_hash}`.",
        "",
        *_section("Left out", [f"- {note}" for note in cutover.notes]),
        "## Before",
        "",
        "Export what is live, so that only differences are loaded:",
        "",
        *exports,
        "",
        "## Load, in this order",
        "",
        *(steps or ["Nothing: the CRM already holds this plan."]),
        *waiting,
        "",
        "Each file is one Bulk API 2.0 job: comma, line feed, UTF-8; object and "
        "operation are in its name. A failed record stays in the job's failed results; "
        "correct the cause and run this again, which leaves out what arrived.",
        "",
        "## After",
        "",
        "- [ ] export `live/` again and run this again: every file must be empty",
        "- [ ] hand `compensation/quotas.csv` to compensation, "
        "`hr/requisitions.csv` to HR",
        "",
        "## To undo",
        "",
        "- [ ] load the files of `reverse/` in their order; new territories stay",
    ]
    if needs_ids:
        lines.append(
            f"- [ ] {needs_ids} records to take back have no id until they are loaded: "
            "export `live/` after loading and run this again; what was there before "
            "is kept"
        )
    return "\n".join(lines) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _filled(query: str, target: CrmTarget) -> str:
    return query.format(
        model=target.territory_model_id or "MODEL ID",
        forecast=target.forecasting_type_id or "FORECASTING TYPE ID",
    )
