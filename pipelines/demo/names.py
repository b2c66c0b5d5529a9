"""Invented names of people and companies; none is meant to be anybody's."""

from functools import cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

FIRST: Final = (
    "Ada", "Ben", "Carla", "Daniel", "Elena", "Felix", "Grace", "Hugo", "Ines",
    "Jonas", "Kira", "Liam", "Mara", "Noah", "Olga", "Pedro", "Quinn", "Rosa",
    "Samir", "Tara", "Umar", "Vera", "Wim", "Xenia", "Yusuf", "Zoe", "Amir",
    "Bianca", "Cyrus", "Dora", "Emil", "Fatima", "Gavin", "Hana", "Ivan", "Julia",
    "Karl", "Lena", "Milan", "Nadia",
)  # fmt: skip
LAST: Final = (
    "Abbott", "Brandt", "Cole", "Duarte", "Evans", "Fischer", "Garcia", "Hansen",
    "Ito", "Jensen", "Khan", "Larsen", "Moreau", "Novak", "Okafor", "Patel",
    "Quist", "Rossi", "Silva", "Tanaka", "Ueda", "Vogel", "Walsh", "Xu", "Young",
    "Zimmer", "Adler", "Becker", "Costa", "Dubois", "Egan", "Fontaine", "Gupta",
    "Hughes", "Iyer", "Jung", "Keller", "Lopez", "Meyer", "Nilsen", "Olsen", "Park",
    "Reyes", "Sato", "Torres", "Ulrich", "Varga", "Weber",
)  # fmt: skip
STEM: Final = (
    "Alder", "Amber", "Anchor", "Arbor", "Aspen", "Atlas", "Beacon", "Birch",
    "Blue", "Bolt", "Bridge", "Bright", "Cedar", "Cobalt", "Copper", "Coral",
    "Crest", "Delta", "Drift", "Eagle", "Ember", "Falcon", "Fern", "Flint", "Forge",
    "Glen", "Granite", "Harbor", "Hazel", "Helm", "Horizon", "Iris", "Iron",
    "Ivory", "Jade", "Juniper", "Kestrel", "Keystone", "Lake", "Larch", "Linden",
    "Lotus", "Maple", "Marble", "Meadow", "Mesa", "Mint", "North", "Nova", "Oak",
    "Olive", "Onyx", "Orchid", "Pacific", "Peak", "Pine", "Polar", "Prairie",
    "Quarry", "Quartz", "Raven", "Ridge", "River", "Rowan", "Sable", "Sage",
    "Sierra", "Silver", "Slate", "Solar", "Spruce", "Stone", "Summit", "Swift",
    "Thistle", "Tidal", "Timber", "Topaz", "Umber", "Union", "Vale", "Vista",
    "Walnut", "Willow", "Wind", "Yarrow", "Zephyr",
)  # fmt: skip
TRADE: Final = (
    "Analytics", "Brands", "Capital", "Care", "Components", "Consulting",
    "Controls", "Data", "Designs", "Dynamics", "Energy", "Foods", "Freight",
    "Goods", "Health", "Industries", "Insurance", "Interiors", "Laboratories",
    "Learning", "Logistics", "Materials", "Media", "Motors", "Networks", "Partners",
    "Power", "Properties", "Retail", "Robotics", "Services", "Software",
    "Solutions", "Supply", "Systems", "Textiles", "Therapeutics", "Trading",
    "Transport", "Works",
)  # fmt: skip
FORM: Final = ("Inc", "LLC", "Group", "Ltd", "Co", "GmbH", "Holdings")
_STRIDE: Final = 7_919  # a prime, so that neighbours do not share a stem


def companies(rows: NDArray[np.int64]) -> pl.Series:
    """Name companies by row number; names repeat only past 28,000 rows, numbered.

    Examples
    --------
    >>> companies(np.array([0, 1])).to_list()
    ['Alder Analytics Inc', 'Anchor Foods Group']
    """
    every = _every_company()
    again = rows // len(every)
    name = every.gather(rows % len(every))
    number = " " + pl.Series(again + 1).cast(pl.String)
    return (name + number).zip_with(pl.Series(again > 0), name).alias("name")


@cache
def _every_company() -> pl.Series:
    """Name the first companies, before names repeat, in the order of their rows."""
    every = len(STEM) * len(TRADE) * len(FORM)
    names = [
        f"{STEM[place % len(STEM)]} {TRADE[place // len(STEM) % len(TRADE)]} "
        f"{FORM[place // (len(STEM) * len(TRADE))]}"
        for place in (row * _STRIDE % every for row in range(every))
    ]
    return pl.Series(names)


def people(rows: NDArray[np.int64]) -> tuple[list[str], list[str]]:
    """Return the names and e-mail addresses of people by row number.

    Addresses are unique: the row number settles a shared name.

    Examples
    --------
    >>> people(np.array([0, 2000]))[1]
    ['ada.abbott@demo.example', 'ada.iyer2@demo.example']
    """
    every = len(FIRST) * len(LAST)
    names, addresses = [], []
    for row in rows.tolist():
        first = FIRST[row % len(FIRST)]
        last = LAST[(row + row // len(FIRST)) % len(LAST)]
        again = row // every
        names.append(f"{first} {last}")
        mark = str(again + 1) if again else ""
        addresses.append(f"{first}.{last}{mark}@demo.example".lower())
    return names, addresses
