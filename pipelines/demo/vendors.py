"""Extracts in the shapes systems deliver: CRM bulk CSV, billing JSON, HR reports."""

from dataclasses import dataclass
from typing import Final

import polars as pl

DEAL_TYPES: Final = {
    "new": "New Business", "expansion": "Existing Business", "renewal": "Renewal",
}  # fmt: skip
FIELD_NAMES: Final = {
    "stage": "StageName", "amount": "Amount", "probability": "Probability",
    "close_date": "CloseDate", "forecast_category": "ForecastCategoryName",
}  # fmt: skip
US_DATE: Final = "%m/%d/%Y"


@dataclass(frozen=True, slots=True)
class Shape:
    """How one contract looks in its system's own export."""

    folder: str  # below landing
    suffix: str  # csv or jsonl
    columns: dict[str, str]  # canonical header to theirs


SHAPES: Final = {
    "crm-users": Shape(
        "salesforce/User", "csv",
        {
            "user_id": "Id", "name": "Name", "email": "Email", "is_active": "IsActive",
            "manager_id": "ManagerId", "role_name": "UserRole.Name",
            "employee_number": "EmployeeNumber",
        },
    ),
    "crm-accounts": Shape(
        "salesforce/Account", "csv",
        {
            "account_id": "Id", "name": "Name", "parent_id": "ParentId",
            "owner_id": "OwnerId", "industry": "Industry",
            "employee_count": "NumberOfEmployees", "annual_revenue": "AnnualRevenue",
            "city": "BillingCity", "region": "Sales_Region__c",
            "postal_code": "BillingPostalCode", "country": "BillingCountryCode",
            "latitude": "BillingLatitude", "longitude": "BillingLongitude",
            "segment": "Segment__c", "created_at": "CreatedDate",
            "is_deleted": "IsDeleted", "modified_at": "SystemModstamp",
        },
    ),
    "crm-opportunities": Shape(
        "salesforce/Opportunity", "csv",
        {
            "opportunity_id": "Id", "account_id": "AccountId", "owner_id": "OwnerId",
            "name": "Name", "type": "Type", "stage": "StageName", "amount": "Amount",
            "currency": "CurrencyIsoCode", "probability": "Probability",
            "close_date": "CloseDate", "created_at": "CreatedDate",
            "is_closed": "IsClosed", "is_won": "IsWon",
            "forecast_category": "ForecastCategoryName", "product_id": "Product__c",
            "modified_at": "SystemModstamp", "is_deleted": "IsDeleted",
        },
    ),
    "crm-opportunity-history": Shape(
        "salesforce/OpportunityHistory", "csv",
        {
            "opportunity_id": "OpportunityId", "changed_at": "CreatedDate",
            "stage": "StageName", "amount": "Amount", "probability": "Probability",
            "close_date": "CloseDate", "forecast_category": "ForecastCategory",
        },
    ),
    "crm-products": Shape(
        "salesforce/Product2", "csv",
        {
            "product_id": "Id", "name": "Name", "family": "Family",
            "is_active": "IsActive", "launched_on": "Launched_On__c",
        },
    ),
    "crm-territories": Shape(
        "salesforce/Territory2", "csv",
        {
            "territory_id": "Id", "name": "Name", "parent_id": "ParentTerritory2Id",
            "segment": "Segment__c", "region": "Region__c",
        },
    ),
    "crm-territory-members": Shape(
        "salesforce/UserTerritory2Association", "csv",
        {
            "territory_id": "Territory2Id", "user_id": "UserId",
            "started_on": "Started_On__c", "ended_on": "Ended_On__c",
        },
    ),
    "crm-quotas": Shape(
        "salesforce/ForecastingQuota", "csv",
        {
            "user_id": "QuotaOwnerId", "period_start": "StartDate",
            "period_end": "End_Date__c", "quota": "QuotaAmount",
            "currency": "CurrencyIsoCode",
        },
    ),
    "crm-opportunity-splits": Shape(
        "salesforce/OpportunitySplit", "csv",
        {
            "opportunity_id": "OpportunityId", "user_id": "SplitOwnerId",
            "split_type": "SplitType.DeveloperName", "percent": "SplitPercentage",
        },
    ),
    "crm-opportunity-field-history": Shape(
        "salesforce/OpportunityFieldHistory", "csv",
        {
            "opportunity_id": "OpportunityId", "changed_at": "CreatedDate",
            "field": "Field", "old_value": "OldValue", "new_value": "NewValue",
        },
    ),
    "crm-account-territories": Shape(
        "salesforce/ObjectTerritory2Association", "csv",
        {
            "account_id": "ObjectId", "territory_id": "Territory2Id",
            "started_on": "Started_On__c", "ended_on": "Ended_On__c",
        },
    ),
    "finance-actuals": Shape(
        "netsuite/Budget_vs_Actual", "csv",
        {
            "month_start": "Period Start", "department": "Department",
            "account": "Account", "expense_type": "Account Class",
            "actual": "Actual", "budget": "Budget", "currency": "Currency",
        },
    ),
    "crm-exchange-rates": Shape(
        "salesforce/DatedConversionRate", "csv",
        {"currency": "IsoCode", "started_on": "StartDate", "rate": "Rate_To_USD__c"},
    ),
    "billing-credit-notes": Shape(
        "stripe/credit_notes", "jsonl",
        {
            "credit_note_id": "id", "invoice_id": "invoice", "amount": "amount",
            "currency": "currency", "issued_at": "created",
        },
    ),
    "hris-workers": Shape(
        "workday/Workers", "csv",
        {
            "worker_id": "Workday ID", "employee_number": "Employee ID",
            "name": "Legal Name", "email": "Email - Work", "hire_date": "Hire Date",
            "adjusted_start_date": "Continuous Service Date",
            "termination_date": "Termination Date",
            "termination_type": "Termination Category", "fte": "FTE %",
        },
    ),
    "hris-job-history": Shape(
        "workday/Job_History", "csv",
        {
            "worker_id": "Workday ID", "effective_date": "Effective Date",
            "job_profile": "Job Profile", "role": "Job Family",
            "segment": "Segment", "region": "Region",
            "team": "Supervisory Organization", "manager_id": "Manager - Workday ID",
            "position_id": "Position ID", "city": "Location",
            "latitude": "Location Latitude", "longitude": "Location Longitude",
        },
    ),
    "hris-positions": Shape(
        "workday/Positions", "csv",
        {
            "position_id": "Position ID", "role": "Job Family", "segment": "Segment",
            "region": "Region", "status": "Staffing Status",
            "opened_on": "Available for Hire", "target_start_on": "Earliest Hire Date",
            "worker_id": "Worker for Filled Position",
        },
    ),
    "hris-requisitions": Shape(
        "workday/Job_Requisitions", "csv",
        {
            "requisition_id": "Job Requisition ID", "position_id": "Position ID",
            "role": "Job Family", "segment": "Segment", "region": "Region",
            "status": "Job Requisition Status", "opened_on": "Recruiting Start Date",
            "target_start_on": "Target Hire Date", "filled_on": "Filled Date",
            "worker_id": "Worker Hired",
        },
    ),
    "hris-compensation": Shape(
        "workday/Compensation", "csv",
        {
            "worker_id": "Workday ID", "effective_date": "Effective Date",
            "base": "Total Base Pay Annualized", "target_variable": "Target Commission",
            "currency": "Currency",
        },
    ),
    "hris-leaves": Shape(
        "workday/Leaves", "csv",
        {
            "worker_id": "Workday ID", "start_date": "First Day of Leave",
            "end_date": "Last Day of Leave", "type": "Leave Type",
        },
    ),
    "billing-customers": Shape(
        "stripe/customers", "jsonl",
        {
            "customer_id": "id", "account_id": "metadata.crm_account_id",
            "name": "name", "currency": "currency", "created_at": "created",
        },
    ),
    "billing-subscriptions": Shape(
        "stripe/subscriptions", "jsonl",
        {
            "subscription_id": "id", "customer_id": "customer", "status": "status",
            "started_at": "start_date", "ended_at": "ended_at",
            "canceled_at": "canceled_at",
        },
    ),
    "billing-subscription-items": Shape(
        "stripe/subscription_items", "jsonl",
        {
            "item_id": "id", "subscription_id": "subscription",
            "product_id": "price.product", "quantity": "quantity",
            "unit_amount": "price.unit_amount", "interval": "price.recurring.interval",
        },
    ),
    "billing-invoices": Shape(
        "stripe/invoices", "jsonl",
        {
            "invoice_id": "id", "customer_id": "customer",
            "subscription_id": "subscription", "status": "status",
            "issued_at": "created", "due_at": "due_date",
            "paid_at": "status_transitions.paid_at", "total": "total",
            "currency": "currency",
        },
    ),
    "billing-invoice-lines": Shape(
        "stripe/invoice_line_items", "jsonl",
        {
            "line_id": "id", "invoice_id": "invoice", "amount": "amount",
            "period_start": "period.start", "period_end": "period.end",
            "item_id": "subscription_item", "is_proration": "proration",
        },
    ),
}  # fmt: skip


def shaped(contract: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a canonical extract as its system would have written it.

    Parameters
    ----------
    contract : str
        Id of the contract.
    frame : DataFrame
        Canonical columns.

    Returns
    -------
    DataFrame
        Their headers. The CRM writes its own words for deal types; HR and finance
        write month/day/year, HR full time as 100; billing writes whole minor units,
        epoch seconds, lower-case currencies and nested objects.
    """
    shape = SHAPES[contract]
    if shape.folder.startswith("salesforce"):
        frame = _crm(contract, frame)
    elif not shape.folder.startswith("stripe"):
        frame = _hris(frame)
    else:
        frame = _billing(frame)
    named = frame.select(
        pl.col(own).alias(theirs) for own, theirs in shape.columns.items()
    )
    return _nested(named) if shape.suffix == "jsonl" else named


def _crm(contract: str, frame: pl.DataFrame) -> pl.DataFrame:
    if contract == "crm-opportunities":
        return frame.with_columns(pl.col("type").replace(DEAL_TYPES))
    if contract == "crm-opportunity-field-history":
        return frame.with_columns(pl.col("field").replace(FIELD_NAMES))
    return frame


def _hris(frame: pl.DataFrame) -> pl.DataFrame:
    dates = [name for name, kind in frame.schema.items() if kind == pl.Date]
    frame = frame.with_columns(pl.col(name).dt.strftime(US_DATE) for name in dates)
    if "fte" in frame.columns:
        frame = frame.with_columns((pl.col("fte") * 100).round().cast(pl.Int64))
    return frame


def _billing(frame: pl.DataFrame) -> pl.DataFrame:
    changed = []
    for name, kind in frame.schema.items():
        if isinstance(kind, pl.Datetime):
            changed.append(pl.col(name).dt.epoch("s"))
        elif kind == pl.Date:
            changed.append(pl.col(name).cast(pl.Datetime("us", "UTC")).dt.epoch("s"))
        elif isinstance(kind, pl.Decimal):
            changed.append((pl.col(name) * 100).cast(pl.Int64))
        elif name == "currency":
            changed.append(pl.col(name).str.to_lowercase())
    return frame.with_columns(changed)


def _nested(frame: pl.DataFrame) -> pl.DataFrame:
    """Gather columns named ``a.b.c`` into objects."""
    parts: dict[str, list[str]] = {}
    for column in frame.columns:
        parts.setdefault(column.split(".", maxsplit=1)[0], []).append(column)
    made = []
    for head, columns in parts.items():
        if columns == [head]:
            made.append(frame[head])
            continue
        below = frame.select(
            pl.col(column).alias(column.split(".", maxsplit=1)[1]) for column in columns
        )
        made.append(_nested(below).to_struct(head))
    return pl.DataFrame(made)
