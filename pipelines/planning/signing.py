"""Let the policy sign what it may, right after a re-plan was proposed."""

from data_contracts.approval import Approval
from data_contracts.errors import LedgerError
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.logs import logger

_log = logger(__name__)


def approve_if_small(
    ledger: Ledger, plan: PlanVersion, approval: Approval
) -> PlanVersion:
    """Approve a proposal in the policy's name where it is inside the guardrails.

    Parameters
    ----------
    plan : PlanVersion
        Just proposed.
    approval : Approval
        The policy's levels and guardrails.

    Returns
    -------
    PlanVersion
        ``approved``, or as it was where people must decide. Never published.
    """
    if approval.automatic is None or plan.breach_key is None:
        return plan
    try:
        return ledger.approve_as_policy(plan.version, approval)
    except LedgerError as refusal:
        _log.info("version %s waits for people: %s", plan.version, refusal.what)
        return plan
