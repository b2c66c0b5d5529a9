"""Territories on any day: a map and a list; balance, potential, workload."""

from datetime import date
from typing import Final

from pipelines.serving.web.sections import Page, drawn, rows_of


def territories(page: Page, on: date) -> None:
    """Fill the page for a day: the plan in force then, else who owned what."""
    page.title = "Territories"
    page.extra |= {"template": "territories.html", "on": on}
    found = page.snapshot.ask(
        """
        select plan_version from plan.dim_plan_version
        where ? between in_force_from and coalesce(in_force_to, date '9999-12-31')
        order by in_force_from desc, plan_version desc limit 1
        """,
        [on],
    )
    version = found[0]["plan_version"] if found else None
    values: list[object] = [version, on, on, on, version]
    told = (
        f"plan version {version}, owners on {on}"
        if version
        else f"no plan was in force on {on}; owners as the CRM had them"
    )
    source = (
        rows_of("plan.fct_plan_assignment", plan_version=version)
        if version
        else rows_of("core.dim_account_history")
    )
    page.lead = told
    page.ask(
        "books",
        "Books",
        # parts of this module alone; values are parameters
        _OWNED  # noqa: S608
        + """,
        books as (
            select
                owned.rep_id, any_value(rep.segment_id) as segment_id,
                any_value(rep.region_id) as region_id,
                count(*) as accounts_count,
                cast(sum(owned.potential_cents) as bigint) as potential_cents,
                cast(sum(account.open_pipeline_cents) as bigint) as pipeline_cents,
                cast(sum(account.bookings_12m_cents) as bigint) as bookings_12m_cents
            from owned
            left join core.dim_rep as rep on owned.rep_id = rep.rep_id
            left join core.dim_account as account
                on owned.account_id = account.account_id
            group by owned.rep_id
        ),
        judged as (
            select
                *, potential_cents / nullif(avg(potential_cents) over peers, 0) - 1
                    as imbalance_share
            from books window peers as (partition by segment_id)
        )
        select * from judged
        where (? or list_contains(?::varchar[], rep_id))
        order by segment_id, potential_cents desc, rep_id
        """,
        [*values, *page.scope.values],
        columns=[
            "rep_id",
            "segment_id",
            "region_id",
            "accounts_count",
            "potential_cents",
            "imbalance_share",
            "pipeline_cents",
            "bookings_12m_cents",
        ],
        caption=f"{told}; potential a year; imbalance: against the mean book of the "
        "segment; workload: accounts and open pipeline of tonight",
        empty="Nobody owned an account on that day.",
        source=source,
        plan_version=version,
        drawing=drawn(
            "bars",
            "Potential of each book",
            label="rep_id",
            value="potential",
        ),
    )
    page.ask(
        "accounts",
        "Accounts",
        _OWNED
        + """
        select
            owned.account_id, owned.rep_id, account.segment_id, account.region_id,
            account.city, account.country, account.latitude, account.longitude,
            owned.potential_cents, owned.is_moved, owned.valid_from, owned.valid_to
        from owned
        left join core.dim_account as account on owned.account_id = account.account_id
        where (? or list_contains(?::varchar[], owned.rep_id))
        order by owned.potential_cents desc nulls last, owned.account_id
        """,
        [*values, *page.scope.values],
        columns=[
            "account_id",
            "rep_id",
            "segment_id",
            "region_id",
            "city",
            "country",
            "latitude",
            "longitude",
            "potential_cents",
            "is_moved",
            "valid_from",
            "valid_to",
        ],
        caption=f"{told}; potential a year",
        empty="Nobody owned an account on that day.",
        source=source,
        plan_version=version,
        drawing=drawn(
            "places",
            "Accounts at their longitude and latitude, larger with potential, "
            "coloured by segment",
            by="segment_id",
        ),
    )


_OWNED: Final = """
with owned as (
    select account_id, rep_id, potential_cents, is_moved, valid_from, valid_to
    from plan.fct_plan_assignment
    where
        plan_version = ? and valid_from <= ?
        and coalesce(valid_to, date '9999-12-31') >= ?
    union all by name
    select
        history.account_id, history.owner_rep_id as rep_id,
        potential.potential_cents, false as is_moved, history.valid_from,
        null::date as valid_to
    from (
        select * from core.dim_account_history
        where valid_from <= ? and known_to is null and ?::bigint is null
        qualify row_number() over (partition by account_id order by valid_from desc) = 1
    ) as history
    left join forecast.fct_account_potential as potential
        on history.account_id = potential.account_id
    where history.owner_rep_id is not null
)"""
"""Owners on a day: of a version, or as the CRM had them where that is null."""
