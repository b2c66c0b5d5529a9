"""Give a plan to people as a workbook and take their edits back as overrides."""

from pathlib import Path

from data_contracts.errors import WorkbookError
from data_contracts.policy import load_policy
from pipelines.ledger.overrides import Override
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.publication.edit_rules import overrides_from
from pipelines.publication.sheets import Content
from pipelines.publication.workbook import Workbook, write_workbook
from pipelines.publication.workbook_edits import read_edits, refuse
from pipelines.serving.comparing import differences
from pipelines.settings import Settings


def export_workbook(settings: Settings, version: int, path: Path) -> Workbook:
    """Write a version as a workbook, with what it changes of its parent.

    Raises
    ------
    LedgerError
        If the version does not exist.
    WorkbookError
        If the path does not end in ``.xlsx`` or a component is too long.
    """
    if path.suffix != ".xlsx":
        raise WorkbookError(
            f"{path} does not end in .xlsx", fix=f"write {path.with_suffix('.xlsx')}"
        )
    ledger = Ledger(settings.ledger_url)
    plan = ledger.get(version)
    content = ledger.content(version)
    parent = plan.parent_version
    changes = differences(ledger.content(parent), content) if parent else []
    currency = load_policy(settings.policy_file).company.currency
    return write_workbook(path, plan, content, currency=currency, changes=changes)


def import_workbook(settings: Settings, path: Path, actor: str) -> list[Override]:
    """Store what people wrote into a workbook as overrides: all of it or nothing.

    Returns
    -------
    list of Override
        As stored; the next solve respects them.

    Raises
    ------
    WorkbookError
        If it is not the workbook of a version of this ledger, or a cell cannot be
        taken over; the message names every cell.
    """
    ledger = Ledger(settings.ledger_url)
    policy = load_policy(settings.policy_file)
    found: dict[int, tuple[PlanVersion, Content]] = {}

    def content_of(version: int, sealed: str) -> Content:
        plan = ledger.get(version)
        if plan.content_hash != sealed:
            raise WorkbookError(
                f"{path.name} was exported from another plan than version {version} "
                "of this ledger",
                fix=f"export it here and edit that file: aop plan export {version}",
            )
        found[version] = plan, ledger.content(version)
        return found[version][1]

    workbook = read_edits(path, content_of=content_of, currency=policy.company.currency)
    plan, content = found[workbook.version]
    wanted, faults = overrides_from(
        workbook,
        plan,
        content,
        policy,
        standing=ledger.overrides(on=plan.effective_from),
    )
    refuse(path, faults)
    return ledger.override(wanted, actor)
