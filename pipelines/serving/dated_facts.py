"""What the mere passing of days changes: the first such fact between two nights.

Every date of the serving copy counts unless it is named here as one that counts for
nothing, so a new table is watched without anybody thinking of it.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import duckdb

from data_contracts.policy import CompanyPolicy, load_policy
from pipelines.ledger.queries import LedgerReader
from pipelines.publication.serving_copy import restricted_copy
from pipelines.settings import Settings

_DAY: Final = timedelta(days=1)

_NAME_THE_NIGHT: Final = ("as_of", "last_seen_on", "date_day", "known_from", "known_on")
"""Columns that say when something was seen or learned, and every day of a calendar."""

_STATED_CLOSE: Final = "close_date"
"""When a deal is hoped to close: it passing makes the deal overdue, like its age a
matter of the night it is read on, and nothing is computed from that."""

_ENDS: Final = ("_to", "_end", "ended_on", "ends_on", "until", "target_start_on")
"""How columns end that name the last day of something: it changes the day after."""

_COLUMNS: Final = """
select schema_name, table_name, column_name
from duckdb_columns()
where
    database_name = current_database()
    and data_type = 'DATE'
    and schema_name <> 'meta'
    and not column_name in $without
order by all
"""


def first_dated_fact(settings: Settings, after: date, night: date) -> str:
    """Say what of itself changes after one night and up to another.

    Parameters
    ----------
    settings : Settings
        A home whose serving copy is of the night `after`.
    after, night : date
        Facts of `after` itself were seen that night; those of `night` count.

    Returns
    -------
    str
        The earliest fact with its day, empty where there is none: a date in a table
        (a hire, a departure, a leave, a spell of a territory or a plan that begins or
        ends, a week, month or quarter that begins, a breach that is looked at again),
        or one of the policy (a freeze, a launch and its grace, a signature given in
        advance) or of the ledger (a delegation).
    """
    policy = load_policy(settings.policy_file)
    facts = [*_of_policy(policy), *_of_ledger(settings)]
    for copy in (settings.serving_copy, restricted_copy(settings)):
        if copy.is_file():
            facts += dates_reached(copy, after, night)
    due = sorted((day, what) for day, what in facts if after < day <= night)
    return f"{due[0][1]} on {due[0][0]}" if due else ""


def _of_policy(policy: CompanyPolicy) -> list[tuple[date, str]]:
    facts = []
    for window in policy.negotiation.freeze_windows:
        facts += [
            (window.starts_on, f"freeze ({window.why}) begins"),
            (window.ends_on + _DAY, f"freeze ({window.why}) is over"),
        ]
    for launch in policy.launches:
        late = launch.planned_on + timedelta(days=launch.grace_days)
        facts += [
            (launch.planned_on, f"launch of {launch.name} is planned"),
            (late + _DAY, f"launch of {launch.name} is late"),
        ]
    limits = policy.approval.automatic
    if limits is not None:
        facts += [
            (limits.signed_on, "signature in advance begins"),
            (limits.expires_on + _DAY, "signature in advance expired"),
        ]
    return facts


def _of_ledger(settings: Settings) -> list[tuple[date, str]]:
    facts = []
    for each in LedgerReader(settings.ledger_url).delegations():
        if each.revoked_at is None:
            said = f"{each.receiver} for {each.giver}"
            facts += [
                (each.valid_from, f"delegation of {said} begins"),
                (each.valid_to + _DAY, f"delegation of {said} expired"),
            ]
    return facts


def dates_reached(copy: Path, after: date, night: date) -> list[tuple[date, str]]:
    """Return the first day after one night and up to another of each date column.

    Parameters
    ----------
    copy : Path
        A DuckDB file of tables.
    after, night : date

    Returns
    -------
    list of date and str
        The day on which something changes, and the column that says so.
    """
    without = [*_NAME_THE_NIGHT, _STATED_CLOSE]
    with duckdb.connect(str(copy), read_only=True) as connection:
        columns = connection.execute(_COLUMNS, {"without": without}).fetchall()
        asked = [_first(*column) for column in columns]
        if not asked:
            return []
        days = {"after": after, "night": night}
        found = connection.execute(" union all ".join(asked), days).fetchall()
    return [(day, what) for day, what in found if day is not None]


def _first(schema: str, table: str, column: str) -> str:
    ends = column.endswith(_ENDS)
    day = f'"{column}" + 1' if ends else f'"{column}"'
    low, high = ("$after", "$night - 1") if ends else ("$after + 1", "$night")
    what = f"{schema}.{table}.{column}"
    return (  # a column cannot be a parameter
        f"select cast(min({day}) as date) as day, '{what} is reached' as what "  # noqa: S608 - names of our own copy
        f'from "{schema}"."{table}" '
        f'where "{column}" between {low} and {high}'
    )
