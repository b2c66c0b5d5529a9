"""Rules of the house that no linter knows."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("data_contracts", "ml", "solvers", "pipelines", "dagster_project")
MODULES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py")
)
TOP_LEVEL = {
    "dagster_project",
    "dbt",
    "pipelines",
    "ml",
    "solvers",
    "data_contracts",
    "workspace.yaml",
    "pyproject.toml",
    "tests",
    "README.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "requirements.lock",
    "docs",
    ".ci",
}


def tracked() -> list[str]:
    """List the files git tracks; skip where this is no checkout."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return listed.stdout.splitlines()


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    tops = {name.split("/", 1)[0] for name in tracked()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core"}
    assert [str(path) for path in MODULES if path.stem in vague] == []


def test_no_module_passes_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_dbt_has_no_init_that_would_hide_the_installed_dbt() -> None:
    assert not (ROOT / "dbt" / "__init__.py").exists()


def test_only_settings_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if "os.environ" in (text := path.read_text(encoding="utf-8"))
        or "getenv(" in text
    ]
    assert readers == ["pipelines/settings.py"]


def test_no_import_hides_behind_type_checking() -> None:
    hidden = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if "TYPE_CHECKING" in path.read_text(encoding="utf-8")
    ]
    assert hidden == []


def test_no_tracked_file_names_a_registry_or_this_machine() -> None:
    # the words are put together so that this file does not name them
    banned = ["pypi." + "org", "python" + "hosted", "registry." + "npmjs"]
    named = [
        name
        for name in tracked()
        if (ROOT / name).is_file()
        and any(
            word in (ROOT / name).read_text(encoding="utf-8", errors="ignore")
            for word in banned
        )
    ]
    assert named == []
