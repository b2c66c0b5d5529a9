"""Who may import whom, as ``pyproject.toml`` states it."""

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]


def test_rooms_only_use_the_doors_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # import-linter reads pyproject.toml here
    assert lint_imports(str(ROOT / "pyproject.toml"), no_cache=True) == 0
