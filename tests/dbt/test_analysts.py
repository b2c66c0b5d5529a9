"""The queries of docs/analysts.md run, and answer."""

import re
from pathlib import Path

import pytest

from pipelines import warehouse

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
QUESTIONS = re.findall(
    r"^### (\d+)\. (.+?)$.*?```sql\n(.+?)```",
    PAGE.read_text(encoding="utf-8"),
    flags=re.DOTALL | re.MULTILINE,
)


def test_the_page_asks_twenty_questions() -> None:
    assert [int(number) for number, _, _ in QUESTIONS] == list(range(1, 21))


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql", [sql for _, _, sql in QUESTIONS], ids=[title for _, title, _ in QUESTIONS]
)
def test_the_query_answers(built, sql: str) -> None:
    assert built.frame(sql).height > 0


@pytest.mark.slow
def test_retention_counts_only_who_was_there_a_year_ago(built) -> None:
    # in May 2025 only customer C2 was there, and it left in March 2026
    retention = built.frame(QUESTIONS[9][2])
    assert retention.row(0)[:2] == (0.0, 0.0)


@pytest.mark.slow
def test_the_bridge_closes_each_month_with_what_the_next_one_opens(built) -> None:
    bridge = built.frame(QUESTIONS[8][2])
    closing, opening = bridge["closing"][:-1], bridge["opening"][1:]
    assert closing.to_list() == opening.to_list()


def beyond(table: str) -> str:
    """Return the query outside the twenty questions that reads a table."""
    every = re.findall(r"```sql\n(.+?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    (sql,) = (one for one in {*every} - {sql for *_, sql in QUESTIONS} if table in one)
    return sql


@pytest.mark.slow
def test_the_query_of_what_was_true_and_known_runs(built) -> None:
    known = built.frame(beyond("core.dim_rep_history"))
    assert known["rep_id"].to_list().count("R1") == 1


@pytest.mark.slow
def test_the_query_of_a_state_is_what_the_macro_writes(built) -> None:
    sql = beyond("core.dim_account_history")
    # each rep has an account since 2023, and customer C2 is one of its own
    owners = dict(built.frame(sql).rows())
    assert {f"A-R{number}": f"R{number}" for number in range(1, 7)}.items() <= (
        owners.items()
    )
    macro = (warehouse.PROJECT / "macros" / "known.sql").read_text("utf-8")
    written = macro.split("macro state_on(relation, key, day, night) -%}")[1]
    written = written.split("{%- endmacro")[0].split("from (", 1)[1]
    told = {
        "relation": "core.dim_account_history",
        "key": "account_id",
        "day": "date '2026-01-01'",
        "night": "date '2026-02-01'",
        "end_of_time()": "date '9999-12-31'",
    }
    for word, value in told.items():
        written = written.replace(f"{{{{ {word} }}}}", value)
    of_macro = f"select account_id, owner_rep_id from ({written}"
    of_macro = of_macro.strip().removesuffix(")").strip()
    assert sorted(built.frame(of_macro).rows()) == sorted(owners.items())
