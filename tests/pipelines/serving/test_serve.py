"""`aop serve` and `aop user`: what they refuse before anybody can look."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.serving.cli import serve
from pipelines.serving.cli.main import app
from pipelines.serving.web.users import Users
from pipelines.settings import Settings

runner = CliRunner()
PASSWORD = "correct horse battery"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what the server would be started with."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(serve.uvicorn, "run", lambda app, **how: found.append(how))
    return found


def aop(*arguments: str | Path, given: str | None = None) -> tuple[int, str]:
    found = runner.invoke(app, [str(one) for one in arguments], input=given)
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.output


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert aop("init", "--home", tmp_path / "home")[0] == 0
    return tmp_path / "home"


def test_pages_are_served_on_this_machine_unless_told_otherwise(
    home: Path, started: list[dict[str, Any]]
) -> None:
    assert aop("serve", "--home", home)[0] == 0
    assert started[0]["host"] == "127.0.0.1"
    assert started[0]["proxy_headers"] is False


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "plan.example.com"])
def test_nobody_else_may_look_before_somebody_signs_in(
    host: str, home: Path, started: list[dict[str, Any]]
) -> None:
    code, told = aop("serve", "--home", home, "--host", host)
    assert code == 1
    assert f"{host} can be reached by others, and nobody has to sign in" in told
    assert "Fix: give yourself an account first: aop user add" in told
    assert aop("serve", "--home", home, "--behind-https-proxy")[0] == 1
    assert started == []


@pytest.mark.slow
def test_passwords_never_travel_in_clear(
    home: Path, started: list[dict[str, Any]]
) -> None:
    wide = ("serve", "--home", home, "--host", "0.0.0.0")
    added = ("user", "add", "ana@example.com", "--role", "admin", "--password-stdin")
    assert aop(*added, "--home", home, given=f"{PASSWORD}\n")[0] == 0
    code, told = aop(*wide)
    assert code == 1
    assert "in clear" in told
    code, told = aop(*wide, "--behind-https-proxy")
    assert code == 1
    assert "--name" in told
    named = ("--behind-https-proxy", "--name", "plan.example.com")
    assert aop(*wide, *named)[0] == 0
    assert started[0]["proxy_headers"] is True


@pytest.mark.slow
def test_an_account_is_added_listed_and_removed(home: Path) -> None:
    code, told = aop(
        *("user", "add", "mia@example.com", "--role", "manager", "--rep", "M1"),
        *("--home", home),
        given=f"{PASSWORD}\n{PASSWORD}\n",
    )
    assert code == 0, told
    assert PASSWORD not in told
    assert "mia@example.com  manager  M1" in aop("user", "list", "--home", home)[1]
    users = Users(Settings(home))
    assert users.checked("mia@example.com", PASSWORD)
    new = ("user", "password", "mia@example.com", "--password-stdin", "--home", home)
    assert aop(*new, given="another horse battery\n")[0] == 0
    assert users.checked("mia@example.com", PASSWORD) is None
    assert aop("user", "remove", "mia@example.com", "--home", home)[0] == 0
    assert users.checked("mia@example.com", "another horse battery") is None
    code, told = aop("user", "remove", "mia@example.com", "--home", home)
    assert code == 1
    assert "Fix: see them: aop user list" in told


def test_a_wrong_role_is_wrong_usage(home: Path) -> None:
    code, told = aop("user", "add", "x@example.com", "--role", "king", "--home", home)
    assert code == 2
    assert "king" in told
