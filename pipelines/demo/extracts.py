"""Every extract of one night, contract by contract: what the sources held then."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, Literal

import polars as pl

from pipelines.demo import extracts_billing, extracts_crm, extracts_hris
from pipelines.demo.currencies import exchange_rates, localised
from pipelines.demo.dirt import Soiler
from pipelines.demo.extracts_extra import (
    account_territories,
    credit_notes,
    opportunity_splits,
    requisitions,
)
from pipelines.demo.field_history import fields_of
from pipelines.demo.finance import finance_actuals
from pipelines.demo.months import day_number
from pipelines.demo.world import World

_WHOLE: Final[dict[str, Callable[[World, int], pl.DataFrame]]] = {
    "crm-users": extracts_crm.users,
    "crm-accounts": extracts_crm.accounts,
    "crm-products": extracts_crm.products,
    "crm-territories": extracts_crm.territories,
    "crm-territory-members": extracts_crm.territory_members,
    "crm-quotas": extracts_crm.quotas,
    "hris-workers": extracts_hris.workers,
    "hris-job-history": extracts_hris.job_history,
    "hris-positions": extracts_hris.positions,
    "hris-compensation": extracts_hris.compensation,
    "hris-leaves": extracts_hris.leaves,
    "billing-customers": extracts_billing.customers,
    "billing-subscriptions": extracts_billing.subscriptions,
    "billing-subscription-items": extracts_billing.subscription_items,
    "billing-invoices": extracts_billing.invoices,
}

SNAPSHOTS: Final = "crm-opportunity-history"
FIELDS: Final = "crm-opportunity-field-history"


def extracts(
    world: World,
    night: date,
    *,
    soiler: Soiler | None = None,
    history: Literal["snapshots", "fields"] = "snapshots",
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield every extract of a night, large ones in several pieces.

    Parameters
    ----------
    world : World
        A company that has lived at least until `night`.
    night : date
        The evening the sources are read.
    soiler : Soiler, optional
        Puts the scenario's dirt in and keeps what was true; clean without.
    history : str
        Shape the CRM keeps deals' history in: a row per state, or per field.

    Yields
    ------
    contract : str
        Id of the contract, such as ``"crm-accounts"``.
    frame : DataFrame
        Canonical columns of the contract, typed; every contract comes at least
        once. Nothing in it happened after `night`.
    """
    for contract, frame in _clean(world, day_number(night)):
        piece = localised(contract, frame, world)
        is_split = contract == SNAPSHOTS and history == "fields"
        name = FIELDS if is_split else contract
        piece = piece if soiler is None else soiler.soil(name, piece)
        yield name, fields_of(piece) if is_split else piece


def _clean(world: World, day: int) -> Iterator[tuple[str, pl.DataFrame]]:
    for contract, table in _WHOLE.items():
        yield contract, table(world, day)
    if world.scenario.has_account_territories:
        yield "crm-account-territories", account_territories(world, day)
    if world.scenario.has_finance:
        yield "finance-actuals", finance_actuals(world, day)
    if world.scenario.is_multi_currency:
        yield "crm-exchange-rates", exchange_rates(world, day)
    if world.scenario.has_splits:
        yield "crm-opportunity-splits", opportunity_splits(world, day)
    if world.scenario.has_requisitions:
        yield "hris-requisitions", requisitions(world, day)
    if world.scenario.has_credit_notes:
        yield "billing-credit-notes", credit_notes(world, day)
    for current, changes in extracts_crm.opportunities(world, day):
        yield "crm-opportunities", current
        yield SNAPSHOTS, changes
    for lines in extracts_billing.invoice_lines(world, day):
        yield "billing-invoice-lines", lines
