"""Remote files are copied to landing whole, once, and enter by the same door."""

from datetime import date
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from data_contracts.contract import contract
from data_contracts.errors import HomeError
from pipelines.ingestion import fetching
from pipelines.ingestion.bringing import Brought, bring
from pipelines.ingestion.fetching import Fetched, fetch
from pipelines.ingestion.land import land
from pipelines.ingestion.sources import load_sources, unclaimed
from pipelines.settings import Settings

NIGHT = date(2026, 1, 31)
HEADER = "user_id,period_start,period_end,quota,currency\n"
ONE = "u1,2026-01-01,2026-03-31,1000.50,USD\n"
TWO = "u2,2026-01-01,2026-03-31,2000,USD\n"
QUOTAS = f"crm/quotas/{NIGHT}.csv"


@pytest.fixture
def remote() -> MemoryFileSystem:
    """An empty bucket in memory, which knows when a file was made."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    return system


@pytest.fixture
def bucket(home: Settings, remote: MemoryFileSystem) -> Settings:
    """A home fed by that bucket and by its own landing folder."""
    home.home.mkdir()
    home.sources_file.write_text(
        "sources:\n"
        "  - {folder: landing, layout: by_contract}\n"
        "  - {name: exports, url: 'memory://bucket/nightly', layout: by_contract}\n"
    )
    return home


def fetched(home: Settings) -> Fetched:
    return fetch(load_sources(home)[1], home)


@pytest.mark.slow
def test_remote_files_enter_by_the_same_door(bucket, remote, raw) -> None:
    remote.pipe(f"/bucket/nightly/{QUOTAS}", (HEADER + ONE).encode())
    remote.pipe("/bucket/other/crm/quotas/2026-01-31.csv", b"not ours")
    assert bring(bucket, NIGHT) == [Brought("exports", (QUOTAS,), ())]
    result = land(contract("crm-quotas"), NIGHT, bucket)
    assert (result.loaded, result.files) == (1, (QUOTAS,))
    assert raw("crm-quotas", NIGHT)["_file"].to_list() == [QUOTAS]
    assert unclaimed(bucket) == []  # landing/exports/ is that source's own


def test_a_file_is_copied_once_and_again_when_it_changes(bucket, remote) -> None:
    path = f"/bucket/nightly/{QUOTAS}"
    remote.pipe(path, (HEADER + ONE).encode())
    assert fetched(bucket).copied == (QUOTAS,)
    local = bucket.landing / "exports" / QUOTAS
    before = local.stat().st_ino
    assert fetched(bucket) == Fetched("exports", (), 1)
    assert local.stat().st_ino == before
    remote.pipe(path, (HEADER + ONE.replace("1000.50", "1000.60")).encode())
    assert fetched(bucket).copied == (QUOTAS,)
    assert "1000.60" in local.read_text()
    local.unlink()
    assert fetched(bucket).copied == (QUOTAS,)


def test_a_file_that_vanished_at_the_source_stays(bucket, remote) -> None:
    remote.pipe(f"/bucket/nightly/{QUOTAS}", (HEADER + ONE).encode())
    fetched(bucket)
    remote.rm(f"/bucket/nightly/{QUOTAS}")
    remote.pipe(f"/bucket/nightly/{QUOTAS}.new.csv", (HEADER + TWO).encode())
    fetched(bucket)
    assert (bucket.landing / "exports" / QUOTAS).is_file()


def test_a_copy_cut_short_is_refused_and_the_old_file_stays(
    bucket, remote, monkeypatch
) -> None:
    path = f"/bucket/nightly/{QUOTAS}"
    remote.pipe(path, (HEADER + ONE).encode())
    fetched(bucket)
    remote.pipe(path, (HEADER + ONE + TWO).encode())
    monkeypatch.setattr(
        MemoryFileSystem,
        "get_file",
        lambda self, source, target, **_: Path(target).write_bytes(b"user_id,per"),
    )
    with pytest.raises(HomeError, match="came as 11 of"):
        fetched(bucket)
    local = bucket.landing / "exports" / QUOTAS
    assert local.read_text() == HEADER + ONE
    assert [one.name for one in local.parent.iterdir()] == [local.name]


def test_hidden_files_are_left_where_they_are(bucket, remote) -> None:
    remote.pipe("/bucket/nightly/.keys/secret.csv", b"x")
    remote.pipe("/bucket/nightly/crm/quotas/.partial.csv", b"x")
    assert fetched(bucket).copied == ()


def test_another_file_system_works_alike(home, tmp_path) -> None:
    place = tmp_path / "share" / "crm" / "quotas" / f"{NIGHT}.csv"
    place.parent.mkdir(parents=True)
    place.write_text(HEADER + ONE)
    home.home.mkdir()
    home.sources_file.write_text(
        "sources:\n"
        f"  - {{name: share, url: 'file://{tmp_path}/share', layout: by_contract}}\n"
    )
    assert bring(home, NIGHT)[0].files == (QUOTAS,)
    assert bring(home, NIGHT)[0].files == ()
    assert land(contract("crm-quotas"), NIGHT, home).loaded == 1


@pytest.mark.parametrize(
    ("url", "told", "fix"),
    [
        ("s3://bucket/x", "s3 has no driver here", "pip install s3fs"),
        ("sftp://u@host/x", "sftp has no driver here", "pip install paramiko"),
        ("nowhere://x", "nowhere has no driver here", "s3://, gs:// or sftp://"),
        ("file:///no/such/place", "cannot be read at file", "mend its url"),
    ],
)
def test_a_place_that_cannot_be_read_is_told_with_the_way_out(
    home, url, told, fix
) -> None:
    home.home.mkdir()
    home.sources_file.write_text(
        f"sources:\n  - {{name: far, url: '{url}', layout: by_contract}}\n"
    )
    with pytest.raises(HomeError, match=told) as error:
        bring(home, NIGHT)
    assert fix in error.value.fix


def test_credentials_come_from_the_environment_alone(
    bucket, remote, monkeypatch
) -> None:
    seen = {}
    remote.pipe(f"/bucket/nightly/{QUOTAS}", (HEADER + ONE).encode())
    monkeypatch.setattr(
        fetching,
        "url_to_fs",
        lambda url, **given: (seen.update(given), (remote, "/bucket/nightly"))[1],
    )
    monkeypatch.setenv("AOP_EXPORTS_STORAGE_OPTIONS", '{"key": "k", "secret": "s"}')
    fetched(bucket)
    assert (seen["key"], seen["secret"]) == ("k", "s")
    monkeypatch.setenv("AOP_EXPORTS_STORAGE_OPTIONS", "k:s")
    with pytest.raises(HomeError, match="AOP_EXPORTS_STORAGE_OPTIONS is not a JSON"):
        fetched(bucket)


def test_a_live_system_is_not_asked_about_the_past(home) -> None:
    home.home.mkdir()
    home.sources_file.write_text("sources:\n  - {connector: stripe}\n")
    found = bring(home, NIGHT, today=date(2026, 2, 2))
    assert found[0].notes == ("not asked: it cannot tell what was known on 2026-01-31",)
    with pytest.raises(HomeError, match="needs AOP_STRIPE_API_KEY"):
        bring(home, NIGHT, today=date(2026, 2, 1))
