"""Importing Dagster's dbt library warns about a library of its own choosing."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let that one warning pass; it is raised while tests are collected."""
    config.addinivalue_line(
        "filterwarnings", "ignore:sqlglotrs is deprecated:DeprecationWarning"
    )
