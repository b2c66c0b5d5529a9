"""Tables for people and documents for programs."""

import json
from datetime import date
from decimal import Decimal

import pytest

from pipelines.serving.cli.output import document, table, text


@pytest.mark.parametrize(
    ("value", "column", "shown"),
    [
        (-123456789, "quota_cents", "-1,234,567.89"),
        (Decimal(5), "quota_cents", "0.05"),
        (0.8436, "attainment_share", "84.4 %"),
        (True, "is_moved", "yes"),
        (None, "anything", "-"),
        (date(2026, 1, 31), "as_of", "2026-01-31"),
        (12, "version", "12"),
    ],
)
def test_values_are_written_with_their_unit(
    value: object, column: str, shown: str
) -> None:
    assert text(value, column) == shown


def test_numbers_line_up_on_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"rep": "r1", "quota_cents": 100}, {"rep": "r22", "quota_cents": 123400}]
    table(rows, columns=("rep", "quota_cents"), empty="")
    assert capsys.readouterr().out == ("rep     quota\nr1       1.00\nr22  1,234.00\n")


def test_no_rows_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    table([], columns=("rep",), empty="nobody is planned")
    assert capsys.readouterr().out == "nobody is planned\n"


def test_a_document_holds_dates_and_exact_money(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document({"as_of": date(2026, 1, 31), "quota_cents": 10**15})
    found = json.loads(capsys.readouterr().out)
    assert found == {"as_of": "2026-01-31", "quota_cents": 10**15}
