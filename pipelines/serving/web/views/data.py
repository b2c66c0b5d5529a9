"""Data: what was delivered, loaded and refused; findings; contracts."""

from data_contracts.contract import all_contracts
from pipelines.serving.reading import Rows
from pipelines.serving.web.sections import Page, rows_of


def data(page: Page) -> None:
    """Fill the page."""
    page.scope.require_whole("the data page")
    page.title = "Data"
    page.ask(
        "freshness",
        "Freshness",
        """
        select
            contract, max(known_on) as last_night,
            max(known_on) filter (not is_refused) as last_loaded_on,
            date_diff('day', max(known_on) filter (not is_refused),
                (select max(as_of) from meta.publication)) as age_days,
            count(*) as files_count,
            cast(sum(rows_loaded) as bigint) as rows_loaded_count,
            cast(sum(rows_quarantined) as bigint) as rows_quarantined_count,
            count(*) filter (is_refused) as refused_count
        from quality.fct_load group by contract order by contract
        """,
        columns=[
            "contract",
            "last_loaded_on",
            "age_days",
            "files_count",
            "rows_loaded_count",
            "rows_quarantined_count",
            "refused_count",
        ],
        caption="Each contract's newest load",
        empty="Nothing was loaded yet.",
        source=rows_of("quality.fct_load"),
    )
    page.ask(
        "loads",
        "Loads",
        "select * from quality.fct_load order by known_on desc, contract, file",
        columns=[
            "known_on",
            "contract",
            "file",
            "rows_read",
            "rows_loaded",
            "rows_unchanged",
            "rows_quarantined",
            "rows_duplicate",
            "rows_deleted",
            "is_refused",
            "reason",
        ],
        caption="Rows read = loaded + unchanged + quarantined + duplicate",
        empty="Nothing was loaded yet.",
        source=rows_of("quality.fct_load"),
    )
    page.ask(
        "quarantine",
        "Quarantine",
        """
        select * from quality.fct_quarantine
        order by known_on desc, contract, file, line_number, rule_broken
        """,
        columns=[
            "known_on",
            "contract",
            "file",
            "line_number",
            "rule_broken",
            "column_name",
            "value_found",
        ],
        caption="Refused rows with the rule each one broke; personal values and pay "
        "are hidden from who may not see them",
        empty="No row was refused.",
        source=rows_of("quality.fct_quarantine"),
    )
    page.ask(
        "findings",
        "Findings",
        """
        select rep_id, finding, rows_count, as_of
        from quality.rpt_rep_reconciliation order by finding, rep_id
        """,
        columns=["finding", "rep_id", "rows_count"],
        caption="Where CRM and HR do not agree about a person",
        empty="CRM and HR agree about everybody.",
        source=rows_of("quality.rpt_rep_reconciliation"),
    )
    page.ask(
        "residuals",
        "CRM against billing",
        """
        select
            month_start, cause, count(*) as accounts_count,
            cast(sum(booked_cents) as bigint) as booked_cents,
            cast(sum(invoiced_cents) as bigint) as invoiced_cents,
            cast(sum(residual_cents) as bigint) as residual_cents
        from core.fct_reconciliation
        group by month_start, cause order by month_start desc, cause
        """,
        columns=[
            "month_start",
            "cause",
            "accounts_count",
            "booked_cents",
            "invoiced_cents",
            "residual_cents",
        ],
        caption="What was booked, what was invoiced, and the difference by cause",
        empty="Nothing was booked or invoiced.",
        source=rows_of("core.fct_reconciliation"),
    )
    page.ask(
        "coverage",
        "Not computed for want of input",
        """
        select what_is_not_computed, why, contract
        from quality.rpt_input_coverage where not is_supplied order by capability
        """,
        columns=["what_is_not_computed", "why", "contract"],
        caption="What is left out, why, and the extract that would bring it",
        empty="Every input is there.",
        source=rows_of("quality.rpt_input_coverage"),
    )
    page.show(
        "contracts",
        "Contracts",
        _contracts,
        columns=["contract", "contract_version", "purpose", "without_it"],
        caption="What each extract promises, and what is not computed without it",
        empty="There is no contract.",
        lasts="release",
    )


def _contracts() -> Rows:
    return [
        {
            "contract": one.id,
            "contract_version": one.version,
            "purpose": one.description.purpose,
            "without_it": one.without_it,
        }
        for one in all_contracts()
    ]
