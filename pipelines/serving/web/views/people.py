"""Rep and account pages: my book, my quota and why; an account's whole story."""

from pipelines.serving.reading import Rows
from pipelines.serving.web.desk import NotThereError
from pipelines.serving.web.sections import Page, drawn, rows_of


def reps(page: Page) -> None:
    """Fill the list of reps the visitor may open."""
    page.title = "Reps"
    page.ask(
        "reps",
        "Reps",
        """
        select * from core.dim_rep
        where (? or list_contains(?::varchar[], rep_id))
        order by not is_active, segment_id, region_id, rep_id
        """,
        page.scope.values,
        columns=[
            "rep_id",
            "role",
            "segment_id",
            "region_id",
            "team",
            "manager_rep_id",
            "hired_on",
            "left_on",
            "is_active",
            "is_quota_bearing",
        ],
        caption="Who sells, as HR and CRM have it tonight",
        empty="Nobody of your branch sells.",
        source=rows_of("core.dim_rep"),
    )


def rep(page: Page, rep_id: str, version: int | None) -> None:
    """Fill the page of one rep under the plan in force.

    Raises
    ------
    NotThereError
        If there is no such rep, or they are not of the visitor's branch.
    """
    found = page.snapshot.ask("select * from core.dim_rep where rep_id = ?", [rep_id])
    if not found or not page.scope.holds(rep_id):
        raise NotThereError(
            f"there is no rep {rep_id!r} whom you may see", fix="see those: /reps"
        )
    who, chosen = found[0], version or -1
    page.title = f"{who['name']}"
    page.lead = (
        f"{rep_id}: {who['role'] or 'no role'}, {who['segment_id'] or 'no segment'}, "
        f"{who['region_id'] or 'no region'}"
    )
    page.ask(
        "attainment",
        "Attainment by quarter",
        """
        select * from plan.fct_attainment where rep_id = ?
        order by quarter_start desc
        """,
        [rep_id],
        columns=[
            "quarter_start",
            "quota_cents",
            "bookings_cents",
            "attainment_share",
            "is_partial",
            "quota_source",
            "plan_version",
        ],
        caption="Credited bookings against the quota in force",
        empty="No quarter with a quota yet.",
        source=rows_of("plan.fct_attainment", rep_id=rep_id),
        drawing=drawn(
            "lines",
            "Attainment by quarter",
            x="quarter_start",
            value="attainment_share",
        ),
    )
    page.ask(
        "quota",
        "Quota by month, and why",
        """
        select month_start, quota_cents, base_cents, reason, plan_version
        from plan.fct_plan_quota where plan_version = ? and rep_id = ?
        order by month_start
        """,
        [chosen, rep_id],
        columns=["month_start", "quota_cents", "base_cents", "reason"],
        caption="Base: before over-assignment",
        empty="The plan in force gives no quota.",
        source=rows_of("plan.fct_plan_quota", plan_version=chosen, rep_id=rep_id),
        plan_version=version,
    )
    if page.snapshot.has("plan.fct_plan_quota_bridge"):
        _quota_steps(page, rep_id, chosen, version)
    page.ask(
        "changes",
        "What changed in the book",
        """
        select
            account_id, valid_from, previous_rep_id, rep_id, reason, potential_cents,
            case when rep_id = ? then 'received' else 'given' end as direction
        from plan.fct_plan_assignment
        where plan_version = ? and is_moved and (rep_id = ? or previous_rep_id = ?)
        order by direction, potential_cents desc, account_id
        """,
        [rep_id, chosen, rep_id, rep_id],
        columns=[
            "direction",
            "account_id",
            "valid_from",
            "previous_rep_id",
            "rep_id",
            "potential_cents",
            "reason",
        ],
        caption="Accounts received and given under the plan in force",
        empty="The book is as it was.",
        source=rows_of("plan.fct_plan_assignment", plan_version=chosen),
        plan_version=version,
    )
    page.ask(
        "book",
        "Book",
        """
        select
            owned.account_id, owned.segment_id, owned.potential_cents, owned.reason,
            account.bookings_12m_cents, account.open_pipeline_cents, owned.valid_from,
            owned.valid_to
        from plan.fct_plan_assignment as owned
        left join core.dim_account as account on owned.account_id = account.account_id
        where owned.plan_version = ? and owned.rep_id = ?
        order by owned.potential_cents desc, owned.account_id
        """,
        [chosen, rep_id],
        columns=[
            "account_id",
            "segment_id",
            "potential_cents",
            "bookings_12m_cents",
            "open_pipeline_cents",
            "valid_from",
            "valid_to",
            "reason",
        ],
        caption="Accounts the plan in force gives, potential a year",
        empty="The plan in force gives no account.",
        source=rows_of("plan.fct_plan_assignment", plan_version=chosen, rep_id=rep_id),
        plan_version=version,
    )


def _quota_steps(page: Page, rep_id: str, chosen: int, version: int | None) -> None:
    page.ask(
        "quota_steps",
        "Quota, step by step",
        """
        with steps as (
            select step, min(step_order) as step_order, sum(cents) as step_cents
            from plan.fct_plan_quota_bridge
            where plan_version = ? and rep_id = ?
            group by step
        )
        select
            'quota' as measure, replace(step, '_', ' ') as driver,
            cast(step_cents as bigint) as step_cents,
            cast(sum(step_cents) over (order by step_order) as bigint) as after_cents
        from steps where step_cents <> 0
        order by step_order
        """,
        [chosen, rep_id],
        columns=["driver", "step_cents", "after_cents"],
        caption="From an even share of the segment's target to the quota of the plan's "
        "months; the steps sum to it",
        empty="No steps were kept for this version.",
        source=rows_of(
            "plan.fct_plan_quota_bridge", plan_version=chosen, rep_id=rep_id
        ),
        plan_version=version,
        drawing=drawn("steps", "How each step moves the quota", measure="quota"),
    )


def account(page: Page, account_id: str, version: int | None) -> None:
    """Fill the page of one account.

    Raises
    ------
    NotThereError
        If there is no such account, or nobody of the visitor's branch owns it, tonight
        or under the plan in force.
    """
    chosen = version or -1
    found = page.snapshot.ask(
        "select * from core.dim_account where account_id = ?", [account_id]
    )
    planned: Rows = page.snapshot.ask(
        "select rep_id from plan.fct_plan_assignment "
        "where plan_version = ? and account_id = ?",
        [chosen, account_id],
    )
    owners = {row["owner_rep_id"] for row in found} | {row["rep_id"] for row in planned}
    if not found or not any(page.scope.holds(owner) for owner in owners):
        raise NotThereError(
            f"there is no account {account_id!r} which you may see",
            fix="look for it among your territories: /territories",
        )
    who = found[0]
    page.title = who["name"] or account_id
    page.lead = ", ".join(
        str(part)
        for part in (account_id, who["industry"], who["city"], who["country"])
        if part
    )
    page.ask(
        "standing",
        "Where it stands",
        """
        select
            account.*, potential.potential_cents, potential.p10_cents,
            potential.p90_cents, potential.drivers
        from core.dim_account as account
        left join forecast.fct_account_potential as potential
            on account.account_id = potential.account_id
        where account.account_id = ? order by account.account_id
        """,
        [account_id],
        columns=[
            "owner_rep_id",
            "segment_id",
            "segmented_by",
            "region_id",
            "employee_count",
            "potential_cents",
            "p10_cents",
            "p90_cents",
            "bookings_12m_cents",
            "open_pipeline_cents",
            "is_customer",
            "drivers",
        ],
        caption="Owner, segment and potential a year with its 10th and 90th percentile",
        empty="",
        source=rows_of("core.dim_account", account_id=account_id),
    )
    page.ask(
        "planned",
        "Who owns it in the plans, and why",
        """
        select * from plan.fct_plan_assignment where account_id = ?
        order by plan_version desc, valid_from desc
        """,
        [account_id],
        columns=[
            "plan_version",
            "rep_id",
            "previous_rep_id",
            "valid_from",
            "valid_to",
            "is_moved",
            "reason",
            "keep_cost_cents",
            "move_cost_cents",
            "next_best_rep_id",
            "potential_cents",
        ],
        caption="Price of keeping and of moving, and who was next best",
        empty="No published plan speaks of it.",
        source=rows_of("plan.fct_plan_assignment", account_id=account_id),
    )
    page.ask(
        "owners",
        "Owners so far",
        """
        select * from core.dim_account_history where account_id = ?
        order by valid_from desc, known_from desc
        """,
        [account_id],
        columns=[
            "owner_rep_id",
            "given_segment_id",
            "region_name",
            "employee_count",
            "valid_from",
            "known_from",
            "known_to",
            "is_current",
        ],
        caption="As the CRM had it; valid and known time",
        empty="No history was delivered.",
        source=rows_of("core.dim_account_history", account_id=account_id),
    )
    page.ask(
        "bookings",
        "Bookings",
        "select * from core.fct_bookings where account_id = ? order by booked_on desc",
        [account_id],
        columns=[
            "booked_on",
            "opportunity_id",
            "rep_id",
            "product_id",
            "booking_type",
            "amount_cents",
        ],
        caption="Credited bookings",
        empty="Nothing was booked yet.",
        source=rows_of("core.fct_bookings", account_id=account_id),
    )
    page.ask(
        "arr",
        "Recurring revenue",
        """
        select * from core.fct_arr_month where account_id = ?
        order by month_start desc
        """,
        [account_id],
        columns=[
            "month_start",
            "opening_cents",
            "new_cents",
            "expansion_cents",
            "reactivation_cents",
            "contraction_cents",
            "churn_cents",
            "closing_cents",
            "is_partial",
        ],
        caption="Opening + movements = closing, annual",
        empty="It has no subscription.",
        source=rows_of("core.fct_arr_month", account_id=account_id),
        drawing=drawn(
            "lines", "Recurring revenue by month", x="month_start", value="closing"
        ),
    )
