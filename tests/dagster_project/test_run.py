"""Bad input to a night: one error that names the thing; readers keep what they had."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.run import instance, refresh
from data_contracts.errors import AopError, ContractError, HomeError, PolicyError
from pipelines.demo.company import demo_dates, write_company
from pipelines.files import digest
from pipelines.serving.home import make_home
from pipelines.settings import Settings
from tests.dagster_project.pages import assert_status_says_what_the_pages_say

NIGHT = demo_dates().first_night
pytestmark = pytest.mark.slow  # loading every definition takes seconds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a home with a delivery, and a serving copy of an earlier night."""
    settings = Settings(tmp_path / "home")
    make_home(settings, policy="demo")
    write_company(settings.landing, tmp_path / "truth", as_of=NIGHT)
    settings.serving.mkdir()
    settings.serving_copy.write_bytes(b"what readers have open")
    settings.drift_signal.write_text("{}", encoding="utf-8")
    return settings


def _file(settings: Settings, table: str) -> Path:
    return settings.landing / "crm" / table / f"{NIGHT}.csv"


def _empty_the_landing(settings: Settings) -> None:
    settings.landing.rename(settings.home / "elsewhere")
    settings.landing.mkdir()


def _truncate(settings: Settings) -> None:
    users = _file(settings, "users")
    users.write_bytes(users.read_bytes()[:20])


def _rename_a_column(settings: Settings) -> None:
    accounts = _file(settings, "accounts")
    text = accounts.read_text(encoding="utf-8")
    accounts.write_text(text.replace("account_id", "acct", 1), encoding="utf-8")


def _edit_policy(old: str, new: str) -> Callable[[Settings], None]:
    def edit(settings: Settings) -> None:
        text = settings.policy_file.read_text(encoding="utf-8")
        assert old in text
        settings.policy_file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


@pytest.mark.parametrize(
    ("spoil", "night", "kind", "named"),
    [
        (_empty_the_landing, NIGHT, HomeError, "there is no extract in"),
        (_truncate, NIGHT, ContractError, "users"),
        (
            _edit_policy("growth_share: 0.05", "growth_share: 1.5"),
            NIGHT,
            PolicyError,
            "growth_share",
        ),
        (
            _edit_policy(
                "growth_share: 0.05",
                "growth_share_by_segment: {galaxy: 0.1}\n  growth_share: 0.05",
            ),
            NIGHT,
            PolicyError,
            "galaxy",
        ),
        (lambda _: None, NIGHT - timedelta(days=30), HomeError, "first extract"),
        (lambda _: None, date(1999, 1, 1), HomeError, "1999-01-01"),
        (
            lambda _: None,
            datetime.now(UTC).date() + timedelta(days=30),
            HomeError,
            "and today",
        ),
    ],
    ids=[
        "empty landing folder",
        "truncated file",
        "share above one",
        "unknown segment",
        "night before the first extract",
        "night before all nights",
        "night to come",
    ],
)
def test_a_bad_night_names_the_fault_and_changes_nothing_readers_see(
    spoil: Callable[[Settings], None],
    night: date,
    kind: type[AopError],
    named: str,
    settings: Settings,
) -> None:
    spoil(settings)
    before = digest(settings.serving_copy), digest(settings.drift_signal)
    with pytest.raises(AopError) as refused:
        refresh(settings, night)
    assert type(refused.value) is kind
    assert named in refused.value.what
    assert refused.value.fix
    assert (digest(settings.serving_copy), digest(settings.drift_signal)) == before
    assert not settings.warehouse.exists()


def test_a_refused_extract_is_a_failed_check_and_never_fresh(
    settings: Settings,
) -> None:
    _rename_a_column(settings)
    key, seen = dg.AssetKey(["crm", "accounts"]), set[tuple[str, str]]()
    before = digest(settings.serving_copy), digest(settings.drift_signal)
    with pytest.raises(ContractError, match="account_id") as refused:
        refresh(settings, NIGHT, lambda step, became: seen.add((step, became)))
    assert refused.value.fix
    assert (digest(settings.serving_copy), digest(settings.drift_signal)) == before
    assert not settings.warehouse.exists()
    assert {("crm/users", "started"), ("crm/users", "done")} <= seen
    assert ("crm/accounts", "failed") in seen
    with instance(settings) as held:
        checks = held.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, "contract"), limit=1
        )
        assert [check.status.value for check in checks] == ["FAILED"]
        assert held.get_latest_materialization_event(key) is None
        users = dg.AssetKey(["crm", "users"])
        assert held.get_latest_materialization_event(users) is not None
        settings.serving_copy.unlink()  # it is no copy, only what stood for one
        assert_status_says_what_the_pages_say(settings, held)
