"""What a connector lands and what HR exports, read by their ready-made mappings."""

from datetime import date, datetime
from decimal import Decimal

import pytest

OPEN_END = "9999-12-31 23:59:59"


@pytest.mark.slow
def test_salesforce_history_mode_keeps_the_version_in_force(mapped) -> None:
    head = "_fivetran_active,_fivetran_start,_fivetran_end,_fivetran_deleted,"
    found = mapped(
        "fivetran_salesforce",
        {
            "sf/user.csv": (
                head + "id,name,email,is_active,user_role_id,title\n"
                "false,2024-01-01,2024-06-30 23:59:59,false,005A,Ada,a@x.test,true,"
                "00E1,AE\n"
                f"true,2024-07-01,{OPEN_END},false,005A,Ada L,a@x.test,true,00E1,AE\n"
                f"true,2024-01-01,{OPEN_END},true,005B,Bo,b@x.test,false,,SDR\n"
            ),
            "sf/user_role.csv": "id,name\n00E1,Enterprise AE\n",
            "sf/opportunity.csv": (
                head + "id,account_id,owner_id,type,stage_name,amount,close_date,"
                "is_closed,is_won,created_date\n"
                "false,2025-01-01,2025-02-01,false,006A,001A,005A,,Open,100,2025-03-01,"
                "false,false,2025-01-01\n"
                f"true,2025-02-01,{OPEN_END},false,006A,001A,005A,Upsell,Won,120,"
                "2025-02-01,true,true,2025-01-01\n"
                "false,2025-01-05,2025-01-09,false,006B,001A,005A,,Open,7,2025-03-01,"
                "false,false,2025-01-05\n"
            ),
        },
        "crm-users",
        "crm-opportunities",
    )
    users = found["crm-users"]
    assert [(one["user_id"], one["name"]) for one in users] == [("005A", "Ada L")]
    assert users[0]["role_name"] == "Enterprise AE"
    won, gone = found["crm-opportunities"]
    assert (won["stage"], won["type"], won["amount"]) == (
        "Won",
        "expansion",
        Decimal(120),
    )
    assert (won["is_deleted"], gone["is_deleted"]) == (False, True)
    assert won["_line"] == 3


def test_history_mode_tells_the_past_of_a_deal(mapped) -> None:
    found = mapped(
        "fivetran_salesforce_history",
        {
            "sf/opportunity.csv": (
                "_fivetran_active,_fivetran_start,_fivetran_end,id,stage_name,amount,"
                "close_date,created_date\n"
                "false,,2025-02-01,006A,Open,100,2025-03-01,2025-01-01 09:00:00\n"
                f"true,2025-02-01 10:00:00,{OPEN_END},006A,Won,,2025-02-01,2025-01-01\n"
            ),
        },
        "crm-opportunity-history",
    )
    first, second = found["crm-opportunity-history"]
    assert first["changed_at"] == datetime.fromisoformat("2025-01-01T09:00")
    assert (first["amount"], second["amount"]) == (Decimal(100), None)
    assert second["stage"] == "Won"


@pytest.mark.slow
def test_salesforce_landings_fill_what_surrounds_a_deal(mapped) -> None:
    found = mapped(
        "fivetran_salesforce",
        {
            "opportunity_field_history.csv": (
                "id,opportunity_id,created_date,field,old_value,new_value\n"
                "h1,006A,2025-02-01 10:00:00,Amount,100,120\n"
                "h2,006A,2025-02-01 10:00:00,Owner,Ada,Bo\n"
                "h3,006A,2025-02-01 10:00:00,Owner,005A,005B\n"
            ),
            "opportunity_split.csv": (
                "id,opportunity_id,split_owner_id,split_percentage,split_type_id\n"
                "s1,006A,005A,60,st1\ns2,006A,005B,40,st1\ns3,006A,005C,100,st2\n"
            ),
            "opportunity_split_type.csv": (
                "id,developer_name\nst1,Revenue\nst2,Overlay\n"
            ),
            "dated_conversion_rate.csv": (
                "id,iso_code,start_date,conversion_rate\nr,EUR,2025-01-01,0.8\n"
            ),
            "object_territory_2_association.csv": (
                "id,object_id,territory_2_id,last_modified_date\n"
                "o,001A,0MI1,2025-01-01 00:00:00\n"
            ),
            "forecasting_quota.csv": (
                "id,quota_owner_id,quota_amount,period_id\nq,005A,9000,p1\n"
            ),
            "period.csv": "id,start_date,end_date\np1,2025-01-01,2025-03-31\n",
        },
        "crm-opportunity-field-history",
        "crm-opportunity-splits",
        "crm-exchange-rates",
        "crm-account-territories",
        "crm-quotas",
    )
    fields = [one["field"] for one in found["crm-opportunity-field-history"]]
    assert fields == ["amount", "Owner", "OwnerId"]
    shared = [
        (one["user_id"], one["split_type"], one["percent"])
        for one in found["crm-opportunity-splits"]
    ]
    assert shared == [
        ("005A", "revenue", 60.0),
        ("005B", "revenue", 40.0),
        ("005C", "overlay", 100.0),
    ]
    assert found["crm-exchange-rates"][0]["rate"] == 1.25  # 0.8 EUR for a dollar
    assert found["crm-account-territories"][0]["started_on"] == date(2025, 1, 1)
    assert found["crm-quotas"][0]["period_end"] == date(2025, 3, 31)


@pytest.mark.slow
def test_salesforce_objects_around_a_deal_by_their_api_names(mapped) -> None:
    found = mapped(
        "salesforce",
        {
            "OpportunityFieldHistory.csv": (
                "Id,OpportunityId,CreatedDate,Field,OldValue,NewValue\n"
                "017A,006A,2025-02-01T10:00:00.000Z,StageName,Open,Won\n"
            ),
            "OpportunitySplit.csv": (
                "Id,OpportunityId,SplitOwnerId,SplitPercentage,"
                "SplitType.DeveloperName\ns1,006A,005A,100,Revenue\n"
            ),
            "DatedConversionRate.csv": (
                "Id,IsoCode,StartDate,ConversionRate\nr,JPY,2025-01-01,160\n"
            ),
            "ObjectTerritory2Association.csv": (
                "Id,ObjectId,Territory2Id,LastModifiedDate\n"
                "o,001A,0MI1,2025-01-01T00:00:00.000Z\n"
            ),
        },
        "crm-opportunity-field-history",
        "crm-opportunity-splits",
        "crm-exchange-rates",
        "crm-account-territories",
    )
    change = found["crm-opportunity-field-history"][0]
    assert (change["field"], change["new_value"]) == ("stage", "Won")
    assert found["crm-opportunity-splits"][0]["split_type"] == "revenue"
    assert found["crm-exchange-rates"][0]["rate"] == 0.00625


@pytest.mark.slow
def test_stripe_tables_in_minor_units(mapped) -> None:
    found = mapped(
        "fivetran_stripe",
        {
            "stripe/customer.csv": (
                "id,created,currency,email,name,is_deleted,metadata\n"
                'cus_1,2025-01-18 12:35:30,usd,a@x.test,Acme,FALSE,"{""crm_id"": '
                '""001A""}"\n'
                "cus_2,2025-01-18 12:35:30,usd,b@x.test,Gone,TRUE,{}\n"
            ),
            "stripe/subscription_history.csv": (
                "id,_fivetran_active,_fivetran_start,customer_id,status,created,"
                "start_date,ended_at,canceled_at\n"
                "sub_1,false,2025-01-01,cus_1,trialing,2025-01-01,2025-01-01,,\n"
                "sub_1,true,2025-02-01,cus_1,active,2025-01-01,2025-01-01,,\n"
            ),
            "stripe/subscription_item.csv": (
                "id,created,plan_id,quantity,subscription_id\n"
                "si_1,2025-01-01,price_2,3,sub_1\n"
                "si_2,2025-01-01,price_4,1,sub_1\n"
                "si_3,2025-01-01,price_5,1,sub_1\n"
            ),
            "stripe/price.csv": (
                "id,currency,product_id,recurring_interval,recurring_interval_count,"
                "unit_amount,unit_amount_decimal\n"
                "price_2,usd,prod_001,month,1,2999,2999\n"
                "price_4,eur,prod_003,month,3,8000,8000\n"
                "price_5,jpy,prod_004,year,1,50000,50000\n"
            ),
            "stripe/invoice.csv": (
                "id,customer_id,status,created,total,currency,due_date,subscription_id\n"
                "in_1,cus_1,paid,2025-02-01 00:00:00,8997,usd,,sub_1\n"
                "in_2,cus_1,draft,2025-02-01 00:00:00,1,usd,,sub_1\n"
            ),
            "stripe/invoice_line_item.csv": (
                "id,invoice_id,amount,currency,period_start,period_end,proration,"
                "subscription_item_id,unique_id\n"
                "sli,in_1,8997,usd,2025-01-01 00:00:00,2025-02-01 00:00:00,FALSE,si_1,"
                "il_1\n"
                "sli,in_1,-50,usd,2025-01-07 00:00:00,2025-01-07 00:00:00,TRUE,si_1,"
                "il_2\n"
            ),
            "stripe/credit_note.csv": (
                "id,invoice_id,amount,currency,created,status\n"
                "cn_1,in_1,500,usd,2025-02-03 00:00:00,issued\n"
                "cn_2,in_1,700,usd,2025-02-03 00:00:00,void\n"
            ),
        },
        "billing-customers",
        "billing-subscriptions",
        "billing-subscription-items",
        "billing-invoices",
        "billing-invoice-lines",
        "billing-credit-notes",
    )
    assert [(one["customer_id"], one["account_id"]) for one in
            found["billing-customers"]] == [("cus_1", "001A")]  # fmt: skip
    assert [one["status"] for one in found["billing-subscriptions"]] == ["active"]
    items = [
        (one["product_id"], one["unit_amount"], one["interval"])
        for one in found["billing-subscription-items"]
    ]
    assert items == [
        ("prod_001", Decimal("29.99"), "month"),
        ("prod_003", Decimal(320), "year"),  # 80 every 3 months
        ("prod_004", Decimal(50000), "year"),  # a yen has no smaller unit
    ]
    assert [one["total"] for one in found["billing-invoices"]] == [Decimal("89.97")]
    whole, part = found["billing-invoice-lines"]
    assert (whole["line_id"], whole["period_end"]) == ("il_1", date(2025, 1, 31))
    assert (part["amount"], part["period_end"]) == (Decimal("-0.5"), date(2025, 1, 7))
    notes = found["billing-credit-notes"]
    assert [(one["amount"], one["invoice_id"]) for one in notes] == [
        (Decimal(5), "in_1")
    ]


@pytest.mark.slow
def test_stripe_credit_notes_and_quarterly_prices_as_objects(mapped) -> None:
    found = mapped(
        "stripe",
        {
            "credit_notes.jsonl": (
                '{"id": "cn_1", "invoice": "in_1", "amount": 500, "currency": "kwd", '
                '"created": 1767225600, "status": "issued"}\n'
            ),
            "subscriptions.jsonl": (
                '{"id": "sub_1", "customer": "cus_1", "status": "active", "items": '
                '{"data": [{"id": "si_1", "price": {"unit_amount": 8000, "currency": '
                '"eur", "recurring": {"interval": "month", "interval_count": 3}}}]}}\n'
            ),
        },
        "billing-credit-notes",
        "billing-subscription-items",
    )
    assert found["billing-credit-notes"][0]["amount"] == Decimal("0.5")  # thousandths
    item = found["billing-subscription-items"][0]
    assert (item["unit_amount"], item["interval"]) == (Decimal(320), "year")


@pytest.mark.slow
def test_workday_reports_under_their_own_headers(mapped) -> None:
    found = mapped(
        "workday",
        {
            "Workers-2026-01-31.csv": (
                "Workday ID,Employee ID,Legal Name,Email - Work,Hire Date,"
                "Continuous Service Date,Termination Date,Termination Category,FTE %\n"
                "w1,E-7,Ada L,ada@x.test,03/04/2024,03/04/2020,,,80\n"
                "w2,E-8,Bo M,bo@x.test,01/15/2025,,12/31/2025,Voluntary,100\n"
            ),
            "Job_History-2026-01-31.csv": (
                "Workday ID,Effective Date,Job Profile,Job Family,"
                "Supervisory Organization,Manager - Workday ID,Position ID,Location\n"
                "w1,03/04/2024,Account Executive,Sales,Enterprise East,w9,P-1,Berlin\n"
            ),
            "Positions-2026-01-31.csv": (
                "Position ID,Job Family,Staffing Status,Available for Hire,"
                "Earliest Hire Date,Worker for Filled Position\n"
                "P-1,Sales,Filled,01/01/2024,03/01/2024,w1\n"
                "P-2,Sales,Unfilled,11/01/2025,02/01/2026,\n"
            ),
            "Leaves-2026-01-31.csv": (
                "Workday ID,First Day of Leave,Actual Last Day of Leave,"
                "Estimated Last Day of Leave,Leave Type\n"
                "w1,02/01/2025,,05/31/2025,Parental\n"
            ),
            "Compensation-2026-01-31.csv": (
                "Workday ID,Effective Date,Total Base Pay Annualized,Target Commission,"
                'Currency\nw1,01/01/2026,"95,000.00","95,000.00",EUR\n'
            ),
            "Job_Requisitions-2026-01-31.csv": (
                "Job Requisition ID,Position ID,Job Requisition Status,"
                "Recruiting Start Date,Target Hire Date,Filled Date,Worker Hired\n"
                "R-1,P-2,Open,11/05/2025,02/01/2026,,\n"
            ),
        },
        "hris-workers",
        "hris-job-history",
        "hris-positions",
        "hris-leaves",
        "hris-compensation",
        "hris-requisitions",
    )
    first, second = found["hris-workers"]
    assert (first["hire_date"], first["fte"]) == (date(2024, 3, 4), 0.8)
    assert first["adjusted_start_date"] == date(2020, 3, 4)
    assert (second["termination_date"], second["fte"]) == (date(2025, 12, 31), 1.0)
    assert found["hris-job-history"][0]["manager_id"] == "w9"
    assert [one["status"] for one in found["hris-positions"]] == ["filled", "open"]
    assert found["hris-leaves"][0]["end_date"] == date(2025, 5, 31)
    assert found["hris-compensation"][0]["base"] == Decimal(95000)
    assert found["hris-requisitions"][0]["opened_on"] == date(2025, 11, 5)


def test_workday_may_export_one_id_only(mapped) -> None:
    found = mapped(
        "workday",
        {"All Workers 2026-01-31.csv": "Employee ID,Hire Date\nE-7,2024-03-04\n"},
        "hris-workers",
    )
    worker = found["hris-workers"][0]
    assert (worker["worker_id"], worker["employee_number"]) == ("E-7", "E-7")
    assert worker["hire_date"] == date(2024, 3, 4)


@pytest.mark.slow
def test_fivetran_workday_finds_names_and_leaves(mapped) -> None:
    found = mapped(
        "fivetran_workday",
        {
            "workday_worker_history.csv": (
                "id,_fivetran_active,_fivetran_deleted,hire_date,"
                "continuous_service_date,hire_rescinded,termination_date,"
                "termination_involuntary,universal_id,worker_code\n"
                "w1,true,false,2024-01-01,2024-01-01,false,,,,10030\n"
            ),
            "workday_person_name.csv": (
                "index,personal_info_system_id,first_name,last_name\n0,w1,Ada,L\n"
            ),
            "workday_person_contact_email_address.csv": (
                "id,personal_info_system_id,email_address\ne1,w1,ada@x.test\n"
            ),
            "workday_worker_leave_status.csv": (
                "leave_request_event_id,worker_id,_fivetran_deleted,leave_start_date,"
                "estimated_leave_end_date,leave_end_date,leave_of_absence_type\n"
                "l1,w1,false,2021-02-01,2021-02-21,,Parental\n"
                "l2,w1,true,2022-02-01,2022-02-21,,Parental\n"
            ),
        },
        "hris-workers",
        "hris-leaves",
    )
    worker = found["hris-workers"][0]
    assert (worker["name"], worker["email"]) == ("Ada L", "ada@x.test")
    leaves = found["hris-leaves"]
    assert [one["end_date"] for one in leaves] == [date(2021, 2, 21)]
