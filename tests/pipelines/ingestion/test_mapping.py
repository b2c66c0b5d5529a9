"""Foreign columns become canonical ones; what is not understood is never lost."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from data_contracts.errors import ContractError
from pipelines.ingestion.casting import MACROS
from pipelines.ingestion.engine import guarded
from pipelines.ingestion.mapping import load_mapping, mapping_names

NIGHT = date(2026, 1, 31)

HEAD = """
name: ours
description: Our exports.
nulls: ["#N/A"]
files: {deals: "deals.csv", people: "people.csv"}
contracts:
"""


@pytest.fixture
def mapped(home, landing, raw):
    """Land one contract through a mapping: `mapped(id, body, **files)` → raw rows."""

    def run(contract_id: str, body: str, **files: str):
        folder = home.home / "exports"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text)
        indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
        (home.home / "ours.yaml").write_text(f"{HEAD}  {contract_id}:\n{indented}\n")
        home.sources_file.write_text(
            "sources:\n  - folder: exports\n    mapping: ours.yaml\n"
            "    extracted_on: 2026-01-31\n"
        )
        result = landing(contract_id)
        result.raise_if_refused()
        return result, raw(contract_id)

    return run


@pytest.mark.slow
def test_every_step_of_a_column_recipe(mapped) -> None:
    body = """
file: deals
columns:
  invoice_id: Id
  customer_id: {coalesce: [Customer, Payer]}
  status: {from: State, values: {p: paid, v: void}}
  issued_at: {from: Created, unit: epoch_seconds}
  due_at: {from: Due, timezone: Europe/Berlin}
  paid_at: {from: Paid, format: "%d/%m/%Y"}
  total: {from: Total, unit: minor}
  currency: {constant: EUR}
"""
    deals = (
        "Id,Customer,Payer,State,Created,Due,Paid,Total\n"
        "i1,#N/A,c9,p,1767225600,2026-01-15 12:00:00,03/02/2026,123456\n"
        "i2,c1,c9,v,1767225600,2026-07-15T12:00:00Z,#N/A,-5\n"
    )
    _, rows = mapped("billing-invoices", body, deals=deals)
    first, second = rows.to_dicts()
    assert (first["customer_id"], second["customer_id"]) == ("c9", "c1")
    assert (first["status"], second["status"]) == ("paid", "void")
    assert first["issued_at"] == datetime.fromisoformat("2026-01-01")
    assert first["due_at"] == datetime.fromisoformat("2026-01-15T11:00")  # Berlin +1
    assert second["due_at"] == datetime.fromisoformat("2026-07-15T12:00")  # said so
    assert first["paid_at"] == datetime.fromisoformat("2026-02-03")
    assert second["paid_at"] is None
    assert (first["total"], second["total"]) == (Decimal("1234.56"), Decimal("-0.05"))
    assert first["currency"] == "EUR"


@pytest.mark.slow
def test_decimal_commas_and_signs_are_read_where_the_mapping_says(mapped) -> None:
    body = """
file: deals
columns:
  user_id: Id
  period_start: {constant: "2026-01-01"}
  period_end: {constant: "2026-03-31"}
  quota: {from: Quota, strip: "€ ", decimal: ","}
"""
    _, rows = mapped("crm-quotas", body, deals='Id,Quota\nu1,"€ 1.234,50"\n')
    assert rows["quota"].to_list() == [Decimal("1234.5")]


@pytest.mark.slow
def test_text_a_step_does_not_understand_is_quarantined_not_lost(
    mapped, quarantined
) -> None:
    body = """
file: deals
columns:
  user_id: Id
  period_start: {from: Start, format: "%d/%m/%Y"}
  period_end: {constant: "2027-03-31"}
  quota: {from: Quota, unit: minor}
"""
    deals = "Id,Start,Quota\nu1,01/02/2026,100\nu2,32/01/2026,5\nu3,01/02/2026,x\n"
    result, rows = mapped("crm-quotas", body, deals=deals + "u4,01/03/2026,7\n")
    assert result.quarantined == 2
    assert quarantined("crm-quotas")["value"].to_list() == ["32/01/2026", "x"]
    assert rows["period_start"].to_list() == [date(2026, 2, 1), date(2026, 3, 1)]


@pytest.mark.slow
def test_a_moment_too_far_off_is_quarantined_and_dates_may_stand_bare(
    mapped, quarantined
) -> None:
    # 10^17 seconds lie beyond every calendar; the row is kept, the file is read
    body = """
file: deals
columns:
  user_id: Id
  period_start: {from: Start, unit: epoch_seconds, values: {first: 1767225600}}
  period_end: {constant: 2026-03-31}
  quota: Quota
"""
    deals = "Id,Start,Quota\nu1,first,1\nu2,1767225600,2\nu3,99999999999999999,3\n"
    result, rows = mapped("crm-quotas", body, deals=deals)
    assert (result.loaded, result.quarantined) == (2, 1)
    assert quarantined("crm-quotas")["value"].to_list() == ["99999999999999999"]
    assert set(rows["period_start"]) == {date(2026, 1, 1)}
    assert set(rows["period_end"]) == {date(2026, 3, 31)}


@pytest.mark.slow
def test_sql_joins_files_and_keeps_the_line(mapped) -> None:
    body = """
file: deals
sql: |
  select deals._line, deals.Id as user_id, people.Name as name
  from deals left join people on deals.Owner = people.Id
"""
    _, rows = mapped(
        "crm-users",
        body,
        deals="Id,Owner\nd1,p1\nd2,p2\n",
        people="Id,Name\np2,Bo\np1,Ada\n",
    )
    told = rows.sort("user_id").select("user_id", "name", "_line").rows()
    assert told == [("d1", "Ada", 2), ("d2", "Bo", 3)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select Id as user_id from deals", "leaves out name"),
        ("select 1; select 2", "not one select"),
        ("drop table deals", "not one select"),
        ("select Nope as user_id from deals", "Nope"),
        ("select Id as user_id, content as name from deals, read_text('/etc/hosts')",
         "disabled by configuration"),
        ("select Id as user_id, c.* from deals, read_csv('/etc/passwd') as c",
         "disabled by configuration"),
        ("select Id as user_id, c.* from deals, '/etc/passwd' as c", "not"),
        ("select Id as user_id, file as name from deals, glob('/etc/*')",
         "disabled by configuration"),
        ("select Id as user_id, c.* from deals, read_parquet('https://x.test/a') as c",
         "disabled by configuration"),
        ("copy deals to '/tmp/stolen.csv'", "not one select"),
        ("attach '/tmp/other.db' as other", "not one select"),
        ("install httpfs", "not one select"),
        ("load httpfs", "not one select"),
        ("set enable_external_access = true", "not one select"),
        ("pragma enable_object_cache", "not one select"),
        ("export database '/tmp/all'", "not one select"),
        ("create table x as select * from read_csv('/etc/passwd')", "not one select"),
        ("select Id as user_id, getenv('HOME') as name from deals", "getenv"),
        ("select 1) to 'x.csv' (format csv); --", "fails"),
    ],
)  # fmt: skip
def test_peoples_sql_may_only_select_from_their_files(mapped, sql, told) -> None:
    body = f"file: deals\nsql: |\n  {sql}"
    with pytest.raises(ContractError) as refused:
        mapped("crm-users", body, deals="Id,Owner\nd1,p1\n")
    assert told in refused.value.what


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("(select content from read_text('/etc/hosts'))", "disabled by configuration"),
        (
            "(select c from read_csv('/etc/passwd') as t(c))",
            "disabled by configuration",
        ),
        ("(select file from glob('/etc/*'))", "disabled by configuration"),
        ("Id) from (attach 'x.db'", "not one expression"),
        ("Id; install httpfs", "not one expression"),
        ("Id -- and the rest", "not one expression"),
        ("Id || 'open", "not one expression"),
        ("getenv('HOME')", "getenv"),
    ],
)
def test_a_column_expression_may_not_reach_outside_either(
    mapped, expression: str, told: str
) -> None:
    body = f"file: deals\ncolumns:\n  user_id: Id\n  name: {{sql: {expression!r}}}"
    with pytest.raises(ContractError) as refused:
        mapped("crm-users", body, deals="Id\nd1\n")
    assert told in refused.value.what


@pytest.mark.parametrize(
    "statement",
    [
        "attach '{}/other.db' as other",
        "copy (select 1) to '{}/stolen.csv'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "from read_csv('{}/secret.csv')",
        "export database '{}/all'",
        "from read_csv('http://127.0.0.1:9/x.csv')",
    ],
)
def test_the_engine_mappings_run_in_is_shut(tmp_path: Path, statement: str) -> None:
    mine, scratch = tmp_path / "mine.csv", tmp_path / "scratch"
    scratch.mkdir()
    for path in (mine, tmp_path / "secret.csv"):
        path.write_text("a\n1\n")
    with guarded([mine], scratch) as connection:
        assert connection.execute(f"from read_csv('{mine}')").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error):
            connection.execute(statement.format(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.csv", "scratch", "secret.csv",
    ]  # fmt: skip


def test_functions_for_mappings_leave_what_they_cannot_read() -> None:
    calls = [
        "from_minor('x', 'usd')",
        "from_minor('-5', 'JPY')",
        "from_epoch('soon')",
        "from_epoch('99999999999999999')",
        "last_day('never', '2026-01-01')",
        "a_billing('1', 'month', 'x')",
        "billed_every('fortnight', '1')",
        "is_yes('No')",
    ]
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        told = connection.execute(f"select {', '.join(calls)}").fetchone()
    assert told == (
        "x", "-5.0000000", "soon", "99999999999999999", "never", "1", "fortnight",
        False,
    )  # fmt: skip


@pytest.mark.slow
def test_columns_a_file_may_lack_are_empty_to_sql(mapped) -> None:
    body = """
file: deals
optional: {deals: [Nick], people: [Id, Name]}
sql: |
  select _line, Id as user_id, coalesce(Nick, Owner) as name,
      (select max(Name) from people) as email
  from deals
"""
    _, rows = mapped("crm-users", body, deals="Id,Owner\nd1,p1\n")
    assert rows.select("user_id", "name", "email").rows() == [("d1", "p1", None)]


def test_a_broken_line_in_a_joined_file_refuses_it(mapped) -> None:
    body = "file: deals\nsql: |\n  select Id as user_id, Owner as name from deals"
    with pytest.raises(ContractError, match="line 3: too few columns"):
        mapped("crm-users", body, deals="Id,Owner\nd1,p1\nd2\nd3,p3\n")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("  crm-deals: {file: deals, columns: {a: b}}", "no contract 'crm-deals'"),
        ("  crm-users: {file: x, columns: {a: b}}", "reads file 'x'"),
        ("  crm-users: {file: deals}", "columns or sql"),
        ("  crm-users: {file: deals, columns: {a: b}, optional: {deals: [c]}}", "sql"),
        ("  crm-users: {file: deals, sql: x, optional: {dals: [c]}}", "of 'dals'"),
        ("  crm-users: {file: deals, columns: {name: {from: a, sql: b}}}", "exactly"),
        (
            "  crm-users: {file: deals, columns: {name: {constant: a, unit: cm}}}",
            "unit",
        ),
        ("  crm-users: [", "not YAML"),
    ],
)
def test_a_broken_mapping_is_told(home, body: str, told: str) -> None:
    home.home.mkdir()
    (home.home / "ours.yaml").write_text(HEAD + body)
    with pytest.raises(ContractError) as refused:
        load_mapping("ours.yaml", home.home)
    assert told in refused.value.what


def test_a_mapping_that_fills_a_stranger_is_refused(mapped) -> None:
    body = "file: deals\ncolumns: {user_id: Id, nome: Id, name: Id}"
    with pytest.raises(ContractError, match="'nome', which crm-users does not have"):
        mapped("crm-users", body, deals="Id\nd1\n")


def test_every_ready_made_mapping_is_whole(home) -> None:
    assert "adventureworks" in mapping_names()
    for name in mapping_names():
        assert load_mapping(name, home.home).name == name
