"""Each ready-made mapping reads small files of its vendor's documented shape."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest


def lines(*objects: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in objects)


@pytest.mark.slow
def test_salesforce_by_its_api_names(mapped) -> None:
    found = mapped(
        "salesforce",
        {
            "User.csv": (
                "Id,Name,Email,IsActive,ManagerId,UserRole.Name,EmployeeNumber\n"
                '005A,"Lovelace, Ada",ada@x.test,true,#N/A,Enterprise AE,E-7\n'
            ),
            "Account-2026-01-30.csv": (
                "Id;Name;OwnerId;NumberOfEmployees;AnnualRevenue;BillingCountry;"
                "CreatedDate;IsDeleted\n"
                "001A;Acme;005A;1200;5000000;US;2024-05-01T10:00:00.000+0000;false\n"
            ),
            "Opportunity.csv": (
                "Id,AccountId,OwnerId,Type,StageName,Amount,Probability,CloseDate,"
                "IsClosed,IsWon,CreatedDate\n"
                "006A,001A,005A,Existing Customer - Upgrade,Closed Won,1200.5,100,"
                "2026-01-15,true,true,2025-11-01T09:30:00.000Z\n"
            ),
            "OpportunityHistory.csv": (
                "Id,OpportunityId,CreatedDate,StageName,Amount,Probability,CloseDate,"
                "ForecastCategory\n"
                "008A,006A,2025-12-01T09:30:00.000Z,Proposal,900,50,2026-01-31,Commit\n"
            ),
            "ForecastingQuota.csv": (
                "QuotaOwnerId,QuotaAmount,PeriodId\n005A,90000,p1\n"
            ),
            "Period.csv": "Id,StartDate,EndDate\np1,2026-01-01,2026-03-31\n",
        },
        "crm-users",
        "crm-accounts",
        "crm-opportunities",
        "crm-opportunity-history",
        "crm-quotas",
    )
    user = found["crm-users"][0]
    assert (user["name"], user["manager_id"]) == ("Lovelace, Ada", None)
    assert (user["role_name"], user["employee_number"]) == ("Enterprise AE", "E-7")
    account = found["crm-accounts"][0]
    assert (account["employee_count"], account["country"]) == (1200, "US")
    assert account["_known_on"] == date(2026, 1, 30)
    deal = found["crm-opportunities"][0]
    assert (deal["type"], deal["amount"]) == ("expansion", Decimal("1200.5"))
    assert deal["created_at"] == datetime.fromisoformat("2025-11-01T09:30")
    assert found["crm-opportunity-history"][0]["stage"] == "Proposal"
    assert found["crm-quotas"][0]["period_end"] == date(2026, 3, 31)


@pytest.mark.slow
def test_salesforce_as_fivetran_lands_it(mapped) -> None:
    found = mapped(
        "fivetran_salesforce",
        {
            "salesforce/user.csv": "id,name,is_active\n005A,Ada,TRUE\n",
            "salesforce/opportunity.csv": (
                "id,account_id,owner_id,stage_name,amount,close_date,is_closed,is_won,"
                "_fivetran_deleted\n"
                "006A,001A,005A,Won,24120000,2018-12-19 00:00:00,true,true,true\n"
            ),
        },
        "crm-users",
        "crm-opportunities",
    )
    deal = found["crm-opportunities"][0]
    assert deal["close_date"] == date(2018, 12, 19)
    assert deal["is_deleted"] is True
    assert found["crm-users"][0]["is_active"] is True


@pytest.mark.slow
def test_stripe_objects_in_minor_units(mapped) -> None:
    price = {"product": "prod_1", "unit_amount": 4999, "currency": "usd"}
    item = {
        "id": "si_1",
        "quantity": 3,
        "price": price | {"recurring": {"interval": "month"}},
    }
    period = {"start": 1767225600, "end": 1769904000}  # January 2026
    found = mapped(
        "stripe",
        {
            "customers.jsonl": lines(
                {
                    "id": "cus_1",
                    "name": "Acme",
                    "currency": "usd",
                    "created": 1767225600,
                    "metadata": {"salesforce_account_id": "001A"},
                }
            ),
            "subscriptions.jsonl": lines(
                {
                    "id": "sub_1",
                    "customer": "cus_1",
                    "status": "active",
                    "start_date": 1767225600,
                    "ended_at": None,
                    "items": {"data": [item, item | {"id": "si_2", "quantity": 1}]},
                }
            ),
            "invoices.jsonl": lines(
                {"id": "in_0", "status": "draft", "currency": "usd", "total": 1},
                {
                    "id": "in_1",
                    "customer": "cus_1",
                    "status": "paid",
                    "created": 1767225600,
                    "currency": "usd",
                    "total": 14997,
                    "status_transitions": {"paid_at": 1767312000},
                    "parent": {"subscription_details": {"subscription": "sub_1"}},
                    "lines": {
                        "data": [
                            {
                                "id": "il_1",
                                "amount": 14997,
                                "period": period,
                                "subscription_item": "si_1",
                                "proration": False,
                            }
                        ]
                    },
                },
                {
                    "id": "in_2",
                    "customer": "cus_1",
                    "status": "open",
                    "created": 1767225600,
                    "currency": "jpy",
                    "total": 500,
                    "lines": {"data": []},
                },
            ),
        },
        "billing-customers",
        "billing-subscriptions",
        "billing-subscription-items",
        "billing-invoices",
        "billing-invoice-lines",
    )
    assert found["billing-customers"][0]["account_id"] == "001A"
    subscription = found["billing-subscriptions"][0]
    assert subscription["started_at"] == datetime.fromisoformat("2026-01-01")
    assert subscription["ended_at"] is None
    items = found["billing-subscription-items"]
    assert [one["item_id"] for one in items] == ["si_1", "si_2"]
    assert (items[0]["unit_amount"], items[0]["quantity"]) == (Decimal("49.99"), 3.0)
    invoices = {one["invoice_id"]: one for one in found["billing-invoices"]}
    assert invoices["in_1"]["total"] == Decimal("149.97")
    assert invoices["in_1"]["subscription_id"] == "sub_1"
    assert invoices["in_2"]["total"] == Decimal(500)  # a yen has no smaller unit
    line = found["billing-invoice-lines"][0]
    assert (line["invoice_id"], line["amount"]) == ("in_1", Decimal("149.97"))
    assert line["period_start"] == date(2026, 1, 1)
    assert line["period_end"] == date(2026, 1, 31)  # the last day that is billed


@pytest.mark.slow
def test_workday_history_keeps_the_version_in_force(mapped) -> None:
    found = mapped(
        "fivetran_workday",
        {
            "workday_worker_history.csv": (
                "id,_fivetran_active,_fivetran_start,_fivetran_end,_fivetran_deleted,"
                "hire_date,continuous_service_date,hire_rescinded,termination_date,"
                "termination_involuntary,universal_id,worker_code\n"
                "w1,false,2024-01-01,2025-03-31 23:59:59,false,2024-01-01,2024-01-01,"
                "false,,,,10030\n"
                "w1,true,2025-04-01,9999-12-31 23:59:59,false,2024-01-01,2024-01-01,"
                "false,2025-03-31,true,,10030\n"
                "w2,true,2025-04-01,9999-12-31 23:59:59,false,2024-02-01,2023-06-01,"
                "false,,,,10031\n"
            ),
            "workday_worker_position_history.csv": (
                "position_id,worker_id,_fivetran_active,_fivetran_deleted,"
                "business_site_summary_location,business_title,effective_date,"
                "is_primary_job,job_profile_id\n"
                "p1,w1,true,false,Sydney,Account Executive,2024-01-01,true,j1\n"
                "p2,w1,true,false,Sydney,Fire Warden,2024-01-01,false,j2\n"
            ),
        },
        "hris-workers",
        "hris-job-history",
    )
    first, second = found["hris-workers"]
    assert first["termination_date"] == date(2025, 3, 31)
    assert first["termination_type"] == "involuntary"
    assert first["employee_number"] == "10030"
    assert second["adjusted_start_date"] == date(2023, 6, 1)
    jobs = found["hris-job-history"]
    assert [(one["role"], one["position_id"]) for one in jobs] == [
        ("Account Executive", "p1")
    ]


@pytest.mark.slow
def test_bamboohr_reports_and_tables(mapped) -> None:
    found = mapped(
        "bamboohr",
        {
            "employees.csv": (
                "id,employeeNumber,displayName,workEmail,hireDate,terminationDate\n"
                "4,E-4,Ada L,ada@x.test,2024-03-01,0000-00-00\n"
            ),
            "jobInfo.csv": (
                "id,employeeId,date,location,department,division,jobTitle,reportsTo\n"
                "90,4,2024-03-01,Berlin,Sales,Enterprise,Account Executive,Grace H\n"
            ),
            "compensation.csv": (
                "id,employeeId,startDate,rate,type,paidPer\n"
                "7,4,2024-03-01,6000.00 EUR,Salary,Month\n"
            ),
        },
        "hris-workers",
        "hris-job-history",
        "hris-compensation",
    )
    assert found["hris-workers"][0]["termination_date"] is None
    assert found["hris-job-history"][0]["worker_id"] == "4"
    pay = found["hris-compensation"][0]
    assert (pay["base"], pay["currency"]) == (Decimal(72000), "EUR")


@pytest.mark.slow
def test_hubspot_objects(mapped) -> None:
    deal = {
        "dealname": "Acme upgrade",
        "dealtype": "existingbusiness",
        "dealstage": "closedwon",
        "amount": "1200.50",
        "hs_deal_stage_probability": "1",
        "closedate": "2026-01-15T10:00:00Z",
        "hs_is_closed": "true",
        "hs_is_closed_won": "true",
        "hubspot_owner_id": "77",
        "hs_primary_associated_company": "900",
    }
    found = mapped(
        "hubspot",
        {
            "owners.jsonl": lines(
                {"id": "77", "firstName": "Ada", "lastName": "L", "archived": False}
            ),
            "companies.jsonl": lines(
                {"id": "900", "properties": {"name": "Acme", "numberofemployees": "12"}}
            ),
            "deals.jsonl": lines({"id": "5", "archived": False, "properties": deal}),
        },
        "crm-users",
        "crm-accounts",
        "crm-opportunities",
    )
    owner = found["crm-users"][0]
    assert (owner["name"], owner["is_active"]) == ("Ada L", True)
    assert found["crm-accounts"][0]["employee_count"] == 12
    won = found["crm-opportunities"][0]
    assert (won["type"], won["probability"]) == ("expansion", 100.0)
    assert (won["account_id"], won["owner_id"]) == ("900", "77")
    assert won["close_date"] == date(2026, 1, 15)
