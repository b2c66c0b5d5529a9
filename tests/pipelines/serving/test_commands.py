"""Every wrong use of a command: one clear error, its exit code, no traceback."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.serving.cli.main import COMMANDS, app

runner = CliRunner()


def aop(*arguments: str | Path) -> tuple[int, str, str]:
    """Run one command; return exit code, standard output and standard error."""
    found = runner.invoke(app, [str(one) for one in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a fresh home without any night."""
    assert aop("init", "--home", tmp_path / "home")[0] == 0
    return tmp_path / "home"


def test_help_fits_a_screen_and_names_every_command() -> None:
    code, out, _ = aop("--help")
    assert code == 0
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert len(out.splitlines()) <= 24


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help_that_fits_a_screen(command: str) -> None:
    code, out, _ = aop(command, "--help")
    assert code == 0
    assert len(out.splitlines()) <= 30


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("refresh",),
        ("drift",),
        ("plan", "list"),
        ("plan", "show", "1"),
        ("extracts", "list"),
        ("extracts", "check"),
        ("explain", "rep", "R1"),
        ("verify",),
        ("serve",),
    ],
)
def test_a_missing_home_is_one_clear_error(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    code, out, err = aop(*arguments, "--home", tmp_path / "nowhere")
    assert code == 1
    assert out == ""
    assert err.splitlines() == [
        f"aop: home {tmp_path / 'nowhere'} does not exist",
        f"Fix: make one: aop init --home {tmp_path / 'nowhere'}",
    ]


@pytest.mark.parametrize("night", ["2020-13-01", "2020-02-30", "yesterday", ""])
def test_a_bad_date_is_wrong_usage(night: str, home: Path) -> None:
    code, out, err = aop("refresh", "--home", home, "--as-of", night)
    assert code == 2
    assert out == ""
    assert f"{night!r} is not a date; give YYYY-MM-DD" in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "show", "7"),
        ("plan", "diff", "7", "8"),
        ("plan", "approve", "7", "--as", "a@example.com"),
        ("plan", "publish", "7", "--as", "a@example.com"),
        ("plan", "reject", "7", "--as", "a@example.com"),
        ("verify", "7"),
        ("explain", "rep", "R1", "--version", "7"),
    ],
)
def test_an_unknown_version_is_one_clear_error(
    arguments: tuple[str, ...], home: Path
) -> None:
    code, out, err = aop(*arguments, "--home", home)
    assert (code, out) == (1, "")
    assert err.startswith("aop: plan version 7 does not exist\nFix: ")
    assert len(err.splitlines()) == 2


def test_a_version_that_is_no_number_is_wrong_usage(home: Path) -> None:
    assert aop("plan", "show", "first", "--home", home)[0] == 2
    assert aop("plan", "show", "0", "--home", home)[0] == 2


def test_an_approval_without_a_name_is_wrong_usage(home: Path) -> None:
    code, _, err = aop("plan", "approve", "1", "--home", home)
    assert code == 2
    assert "--as" in err


def test_a_second_init_is_refused(home: Path) -> None:
    code, _, err = aop("init", "--home", home)
    assert code == 1
    assert "is there already" in err


def test_data_without_an_example_is_wrong_usage(tmp_path: Path) -> None:
    assert aop("init", "--home", tmp_path, "--data", tmp_path)[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [("plan", "list"), ("status",), ("extracts", "list"), ("verify",)],
)
def test_what_lists_gives_one_json_document(
    arguments: tuple[str, ...], home: Path
) -> None:
    code, out, _ = aop(*arguments, "--home", home, "--json")
    assert code == 0
    json.loads(out)


def test_drift_of_a_home_without_a_night_says_what_to_run(home: Path) -> None:
    code, _, err = aop("drift", "--home", home)
    assert code == 1
    assert "was never refreshed" in err
    assert f"aop refresh --home {home}" in err


def test_an_empty_landing_folder_is_one_clear_error(home: Path) -> None:
    code, out, err = aop("extracts", "check", "--home", home)
    assert (code, out) == (1, "")
    assert err.startswith(f"aop: there is no extract in {home / 'landing'}\nFix: ")


def test_the_demo_never_touches_a_home_that_is_there(home: Path) -> None:
    before = (home / "policy.yaml").read_text(encoding="utf-8")
    code, _, err = aop("demo", "--play", "--home", home)
    assert code == 1
    assert "is there already" in err
    assert (home / "policy.yaml").read_text(encoding="utf-8") == before
