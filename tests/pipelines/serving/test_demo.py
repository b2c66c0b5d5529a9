"""`aop demo`: each promised format from the command, nothing written on a fault."""

from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.serving.cli.main import app

runner = CliRunner()


def demo(home: Path, *options: str) -> tuple[int, str, str]:
    """Run the command on a home; return exit code, standard output and error."""
    found = runner.invoke(app, ["demo", "--home", str(home), *options])
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.stdout, found.stderr


def files(home: Path) -> set[str]:
    landing = home / "landing"
    return {
        str(path.relative_to(landing)) for path in landing.rglob("*") if path.is_file()
    }


@pytest.mark.slow
def test_a_demo_makes_a_home_and_says_which_night_to_run(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code, out, _ = demo(home)
    assert code == 0
    assert f"aop refresh --home {home} --as-of 2026-01-31" in out
    assert (home / "policy.yaml").is_file()
    assert "crm/accounts/2026-01-31.csv" in files(home)
    assert (home / "truth" / "keys.parquet").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "there"),
    [
        (
            ("--layout", "vendor", "--packing", "zstd"),
            {
                "salesforce/Opportunity/2026-01-31.csv.zst",
                "stripe/invoices/2026-01-31.jsonl.zst",
                "workday/Job_History/2026-01-31.csv",
                "netsuite/Budget_vs_Actual/2026-01-31.csv",
            },
        ),
        (("--file", "parquet"), {"crm/opportunities/2026-01-31.parquet"}),
        (("--packing", "plain"), {"crm/opportunities/2026-01-31.csv"}),
        (
            ("--history", "fields"),
            {"crm/opportunity_field_history/2026-01-31.csv.gz"},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_each_style_writes_its_own_files(
    tmp_path: Path, options: tuple[str, ...], there: set[str]
) -> None:
    code, _, err = demo(tmp_path / "home", *options)
    assert (code, err) == (0, "")
    assert there <= files(tmp_path / "home")


@pytest.mark.slow
def test_changes_are_delivered_and_read_as_changes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert demo(home, "--delivery", "changes", "--as-of", "2026-05-18")[0] == 0
    first, later = (
        pl.read_csv(home / "landing" / "hris" / "workers" / f"{night}.csv")
        for night in ("2026-01-31", "2026-05-18")
    )
    assert later.height < first.height / 2
    assert later["termination_date"].drop_nulls().to_list() == ["2026-05-15"]
    sources = yaml.safe_load((home / "sources.yaml").read_text(encoding="utf-8"))
    assert [one["delivery"] for one in sources["sources"]] == ["changes"]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--size", "vast"), "demo size 'vast' does not exist"),
        (("--layout", "sap"), "demo layout 'sap' does not exist"),
        (("--layout", "vendor", "--file", "parquet"), "has files of its own"),
        (("--as-of", "2020-01-01"), "is before the company's first day"),
        (("--scenario", "nowhere.yaml"), "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_fault_is_told_before_anything_is_written(
    tmp_path: Path, options: tuple[str, ...], fault: str
) -> None:
    code, out, err = demo(tmp_path / "home", *options)
    assert (code, out) == (1, "")
    assert fault in err
    assert "\nFix: " in err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_key_of_a_scenario_is_told_before_anything_is_written(
    tmp_path: Path,
) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("events: {meteor: {is_on: true}}\n", encoding="utf-8")
    code, _, err = demo(tmp_path / "home", "--scenario", str(scenario))
    assert code == 1
    assert "no key 'meteor'" in err
    assert list(tmp_path.iterdir()) == [scenario]


@pytest.mark.slow
def test_a_home_keeps_the_style_it_was_made_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert demo(home)[0] == 0
    before = files(home)
    code, _, err = demo(home, "--layout", "vendor")
    assert code == 1
    assert "reads other files than this style delivers" in err
    assert files(home) == before


@pytest.mark.slow
def test_a_home_of_ones_own_takes_the_demos_extracts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = runner.invoke(app, ["init", "--home", str(home)])
    assert made.exit_code == 0
    policy = (home / "policy.yaml").read_bytes()
    assert demo(home)[0] == 0
    assert (home / "policy.yaml").read_bytes() == policy
