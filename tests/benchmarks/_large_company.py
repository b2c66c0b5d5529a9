"""A played home of the tiny demo, repeated until it is as large as the large one.

1,000 reps and 250,000 accounts are 70 and 400 times the tiny company's: every copy
of an account belongs to a copy of its rep, in the tables and in the plan versions.
"""

import duckdb
import polars as pl

from pipelines.ledger.store import Ledger
from pipelines.settings import Settings

REPS_TIMES, ACCOUNTS_TIMES = 70, 400
_OWN = ("account_id", "opportunity_id", "parent_account_id")
_REPS = (
    "rep_id",
    "owner_rep_id",
    "manager_rep_id",
    "previous_rep_id",
    "next_best_rep_id",
)


def enlarge(settings: Settings) -> None:
    """Repeat people, accounts, deals and plan lines of a home under new ids."""
    _enlarge_copy(settings)
    _enlarge_ledger(settings)


def _enlarge_copy(settings: Settings) -> None:
    with duckdb.connect(settings.serving_copy) as connection:
        connection.execute("set preserve_insertion_order = false")
        for schema, table, names in connection.execute(
            "select table_schema, table_name, list(column_name order by "
            "ordinal_position) from information_schema.columns "
            "where table_schema in ('core', 'plan', 'forecast') group by all"
        ).fetchall():
            if "account_id" in names or "opportunity_id" in names:
                times = ACCOUNTS_TIMES
            elif "rep_id" in names:
                times = REPS_TIMES
            else:
                continue
            chosen = ", ".join(_repeated(name) for name in names)
            connection.execute(
                f"insert into {schema}.{table} select {chosen} "
                f"from {schema}.{table}, range(1, {times}) as copies(n)"
            )
        connection.execute("checkpoint")


def _repeated(name: str) -> str:
    if name in _OWN:
        return f"{name} || '-' || n as {name}"
    if name in _REPS:
        return (
            f"{name} || case n % {REPS_TIMES} when 0 then '' "
            f"else '-' || n % {REPS_TIMES} end as {name}"
        )
    return f'"{name}"'


def _enlarge_ledger(settings: Settings) -> None:
    old = Ledger(settings.ledger_url)
    plans = [(plan, old.content(plan.version)) for plan in old.versions()[:2]]
    file = settings.home / "ledger.sqlite"
    file.rename(file.with_suffix(".old"))
    ledger = Ledger(settings.ledger_url)
    for plan, content in plans:
        stored = ledger.propose(
            {name: _more(frame) for name, frame in content.items()},
            scenario=plan.scenario,
            title=plan.title,
            as_of=plan.as_of,
            effective_from=plan.effective_from,
            effective_to=plan.effective_to,
            proposed_by="nightly-refresh",
            why=plan.why,
            policy_hash=plan.policy_hash,
            input_hash=plan.input_hash,
            code_hash=plan.code_hash,
            parent_version=plan.parent_version,
            territory_gap_share=plan.territory_gap_share,
            territory_proof=plan.territory_proof,
        )
        if stored.version == 1:
            ledger.approve(1, "bench@example.com")
            ledger.publish(1, "bench@example.com")


def _more(frame: pl.DataFrame) -> pl.DataFrame:
    own = [name for name in _OWN if name in frame.columns]
    reps = [name for name in _REPS if name in frame.columns]
    if not own and not reps:
        return frame
    times = ACCOUNTS_TIMES if own else REPS_TIMES
    copies = pl.DataFrame({"n": range(1, times)})
    n, rep = pl.col("n"), pl.col("n") % REPS_TIMES
    more = frame.join(copies, how="cross").with_columns(
        *(pl.format("{}-{}", pl.col(name), n).alias(name) for name in own),
        *(
            pl.when(rep == 0)
            .then(pl.col(name))
            .otherwise(pl.format("{}-{}", pl.col(name), rep))
            .alias(name)
            for name in reps
        ),
    )
    return pl.concat([frame, more.select(frame.columns)])
