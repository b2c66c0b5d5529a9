"""Who may import whom, and names no module may have."""

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
PACKAGES = ("data_contracts", "ml", "solvers", "pipelines", "dagster_project")
LINES_LIMIT = 400


def _modules() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


@pytest.mark.slow
def test_rooms_only_use_the_doors_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # import-linter reads pyproject.toml here
    assert (
        lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
    )


def test_our_dbt_folder_does_not_hide_the_installed_package() -> None:
    # with an __init__.py there, `import dbt.cli` fails everywhere
    assert not (ROOT / "dbt" / "__init__.py").exists()


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    found = [path for path in _modules() if vague & {path.stem, path.parent.name}]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in _modules()
        if not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_no_module_is_longer_than_one_idea() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES_LIMIT
    }
    assert long == {}
