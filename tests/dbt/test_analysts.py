"""The queries of docs/analysts.md run, and answer."""

import re
from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_the_query_of_what_was_true_and_known_runs(built) -> None:
    every = re.findall(r"```sql\n(.+?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    (beyond,) = set(every) - {sql for _, _, sql in QUESTIONS}
    known = built.frame(beyond)
    assert known["rep_id"].to_list().count("R1") == 1
