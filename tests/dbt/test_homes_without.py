"""Homes that lack things: nothing that passed the door may break a model."""

from datetime import date

import pytest
from homes import write_home

from pipelines import warehouse

pytestmark = pytest.mark.slow


def test_a_home_without_any_row_builds_and_says_what_is_not_computed(tmp_path) -> None:
    settings = write_home(
        tmp_path,
        as_of=date(2026, 6, 15),
        rows={
            "reference/segments": [
                {"segment_id": "all", "name": "All", "rank": 1, "is_default": True}
            ]
        },
    )
    result = warehouse.build("", settings)
    assert [node.name for node in result.nodes if not node.is_ok] == []
    said = warehouse.read(
        settings,
        "select count(*) as told, count(why) as whys, bool_or(is_supplied) as any "
        "from quality.rpt_input_coverage",
    )
    assert said.row(0) == (14, 14, False)
