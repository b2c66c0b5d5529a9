"""`aop extracts` beside files: findings, rows sent back, drafts."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from data_contracts.contract import contract
from pipelines.ingestion.land import land
from pipelines.serving.cli.main import app
from pipelines.settings import Settings

_FINDINGS = """
create table quality.fct_finding as
    select * from (values
        ('deal_owner_unknown', 'opportunity', 'o1', 'rep', 'u9', null::date, 500,
         null::double, false, 'its owner is no CRM user'),
        ('account_duplicate_proposed', 'account', 'a2', 'account', 'a1', null, null,
         0.9, true, 'same name, place unknown'),
        ('account_duplicate_proposed', 'account', 'a3', 'account', 'a1', null, null,
         1.0, true, 'same name, same city')
    ) as rows(finding, subject_type, subject_id, other_type, other_id, found_on,
              amount_cents, score_share, is_proposal, explanation)
"""


def told(settings: Settings, *words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["extracts", *words, "--home", str(settings.home)])
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def found(home: Settings) -> Settings:
    """The home with three findings in its serving copy."""
    with duckdb.connect(home.serving_copy) as connection:
        connection.execute(_FINDINGS)
    return home


def test_findings_are_counted_then_shown_row_by_row(found: Settings) -> None:
    code, out, _ = told(found, "findings", "--json")
    counts = {row["finding"]: row["rows_count"] for row in json.loads(out)}
    assert code == 0
    assert counts == {"account_duplicate_proposed": 2, "deal_owner_unknown": 1}
    rows = json.loads(
        told(found, "findings", "account_duplicate_proposed", "--json")[1]
    )
    assert [row["subject_id"] for row in rows] == ["a3", "a2"]  # the surest first
    assert "same city" in told(found, "findings", "account_duplicate_proposed")[1]
    assert "no finding is called 'nope'" in told(found, "findings", "nope")[1]


@pytest.mark.slow
def test_quarantined_rows_go_out_and_come_back(home: Settings, tmp_path: Path) -> None:
    folder = home.landing / "crm" / "products"
    folder.mkdir(parents=True)
    (folder / "2026-04-12.csv").write_text(
        "product_id,name,is_active\np1,One,true\np2,Two,maybe\n"
    )
    land(contract("crm-products"), date(2026, 4, 12), home)
    rows = tmp_path / "rows.csv"
    chosen = ("replay", "--contract", "crm-products")
    assert "wrote 1 rows" in told(home, *chosen, "--export", str(rows))[1]
    rows.write_text(rows.read_text().replace("maybe,", "false,"))
    assert "1 rows tried: 1 accepted" in told(home, *chosen, str(rows))[1]
    code, _, err = told(home, *chosen)
    assert code == 1
    assert "no row of crm-products waits in quarantine" in err


@pytest.mark.slow
def test_a_draft_says_what_the_file_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Id,Name,OwnerId,NumberOfEmployees\n001,Acme,005,12\n")
    shown = CliRunner().invoke(app, ["extracts", "map", str(path)])
    assert shown.exit_code == 0
    assert "# looks like crm-accounts through mapping salesforce" in shown.stdout
    assert "\n      account_id: Id\n" in shown.stdout
    path.write_text("alpha,beta\n1,2\n")
    strange = CliRunner().invoke(app, ["extracts", "map", str(path)])
    assert strange.exit_code == 1
    assert "is like no export we know" in strange.stderr
