"""The golden asset graph: a new edge is a decision, so it shows in a review.

Changed on purpose? Write it anew: python tests/architecture/test_asset_graph.py
"""

from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("asset_graph.txt")
# raised by a library that Dagster's dbt library chose
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:sqlglotrs is deprecated:DeprecationWarning"),
]


def graph() -> list[str]:
    """List every asset with its group, what it reads, and how many checks it has."""
    from dagster_project.definitions import defs

    assets = defs.resolve_asset_graph()
    checks: dict[str, int] = {}
    for check in assets.asset_check_keys:
        name = check.asset_key.to_user_string()
        checks[name] = checks.get(name, 0) + 1
    lines = []
    for key in sorted(assets.get_all_asset_keys()):
        node, name = assets.get(key), key.to_user_string()
        parents = sorted(parent.to_user_string() for parent in node.parent_keys)
        partitioned = " nightly" if node.partitions_def else ""
        lines.append(
            f"{name} [{node.group_name}{partitioned}] checks {checks.get(name, 0)}"
            + "".join(f"\n    {parent}" for parent in parents)
        )
    return lines


def test_the_asset_graph_is_the_one_that_was_reviewed() -> None:
    assert "\n".join(graph()) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_every_source_of_dbt_is_written_by_an_asset_of_ours() -> None:
    from dagster_project.definitions import defs

    assets = defs.resolve_asset_graph()
    unwritten = [
        key.to_user_string()
        for key in assets.get_all_asset_keys()
        if not assets.get(key).is_materializable
    ]
    # people write the ledger; everything else is made by an asset
    assert unwritten == ["ledger/plan_version"]


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(graph()) + "\n", encoding="utf-8")
