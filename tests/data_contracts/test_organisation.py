"""Units are a tree over cells, and no cell is in two units of one depth."""

import pytest
from pydantic import ValidationError

from data_contracts.organisation import Organisation, Unit


def tree(*units: dict[str, object]) -> Organisation:
    named = [{"name": str(unit["id"]), **unit} for unit in units]
    return Organisation.model_validate({"units": named})


AMER = {"id": "amer", "regions": ["east", "west"]}


def test_a_cell_is_held_by_its_unit_and_those_above() -> None:
    found = tree(
        AMER,
        {"id": "amer-smb", "parent_id": "amer", "segments": ["smb"]},
        {"id": "emea", "regions": ["north"]},
    )
    assert found.holding("smb", "west") == ("amer", "amer-smb")
    assert found.holding("ent", "north") == ("emea",)
    assert found.holding("ent", "south") == ()


def test_a_unit_takes_only_what_its_parent_holds() -> None:
    found = tree(AMER, {"id": "small", "parent_id": "amer", "segments": ["smb"]})
    assert found.holding("smb", "north") == ()


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ([AMER, AMER], "'amer' is given twice"),
        ([{"id": "a", "parent_id": "b"}], "below 'b', no unit"),
        (
            [{"id": "a", "parent_id": "b"}, {"id": "b", "parent_id": "a"}],
            "is above itself",
        ),
        ([AMER, {"id": "rest", "segments": ["smb"]}], "both hold the same cells"),
    ],
)
def test_what_is_no_tree_is_refused(units: list[dict[str, object]], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        tree(*units)


def test_units_that_part_by_segment_or_region_may_stand_beside_each_other() -> None:
    found = tree(
        {"id": "a", "segments": ["smb"], "regions": ["east"]},
        {"id": "b", "segments": ["smb"], "regions": ["west"]},
        {"id": "c", "segments": ["ent"]},
    )
    assert [unit.id for unit in found.units] == ["a", "b", "c"]
    assert Unit(id="x", name="x").meets(found.units[0])
