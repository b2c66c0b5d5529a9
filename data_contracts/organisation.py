"""How a company is built: units above its cells, helpers of its sellers."""

from itertools import combinations
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Unit(_Part):
    """One unit: the cells of the segments and regions it names, within its parent's.

    Attributes
    ----------
    parent_id : str or None
        Unit above; None at the top.
    segments, regions : tuple of str
        What it takes of the parent's; empty takes all.
    """

    id: Identifier
    name: str
    parent_id: Identifier | None = None
    segments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    def meets(self, other: "Unit") -> bool:
        """Tell whether some cell of one parent would belong to both."""
        return _share(self.segments, other.segments) and _share(
            self.regions, other.regions
        )


class Organisation(_Part):
    """The tree of units; a cell belongs to at most one unit of each depth."""

    units: tuple[Unit, ...] = ()

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        above = {unit.id: unit.parent_id for unit in self.units}
        if len(above) < len(self.units):
            ids = [unit.id for unit in self.units]
            twice = min(one for one in ids if ids.count(one) > 1)
            raise ValueError(f"unit {twice!r} is given twice")
        for unit in self.units:
            seen, parent = {unit.id}, unit.parent_id
            while parent is not None:
                if parent not in above:
                    raise ValueError(f"unit {unit.id!r} is below {parent!r}, no unit")
                if parent in seen:
                    raise ValueError(f"unit {unit.id!r} is above itself")
                seen.add(parent)
                parent = above[parent]
        for one, other in combinations(self.units, 2):
            if one.parent_id == other.parent_id and one.meets(other):
                raise ValueError(
                    f"units {one.id!r} and {other.id!r} would both hold the same cells"
                )
        return self

    def holding(self, segment_id: str, region_id: str) -> tuple[str, ...]:
        """Return the units that hold a cell, from the top down.

        Examples
        --------
        >>> org = Organisation(units=(
        ...     Unit(id="amer", name="Americas", regions=("east", "west")),
        ...     Unit(id="amer-smb", name="Small", parent_id="amer", segments=("smb",))))
        >>> org.holding("smb", "east"), org.holding("ent", "east")
        (('amer', 'amer-smb'), ('amer',))
        """
        found: list[str] = []
        above: str | None = None
        while True:
            mine = [
                unit.id
                for unit in self.units
                if unit.parent_id == above
                and segment_id in (unit.segments or (segment_id,))
                and region_id in (unit.regions or (region_id,))
            ]
            if not mine:
                return tuple(found)
            above = mine[0]
            found.append(above)


class Overlay(_Part):
    """People who help sellers: one of a role for so many of them."""

    role: Identifier
    sellers_per_head_count: Annotated[float, Field(gt=0, le=1000)]


def _share(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return not some or not others or bool(set(some) & set(others))
