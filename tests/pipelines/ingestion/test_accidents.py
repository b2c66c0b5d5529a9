"""Whatever accident befalls a file, nothing is raised and no row is lost."""

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # fuzzing.py sits beside

from fuzzing import MUTATIONS, accident, lost_rows

pytestmark = pytest.mark.slow

SEEDS = range(150)  # thousands more: make bench runs ingestion_accidents


def test_a_hundred_and_fifty_accidents_lose_no_row(home) -> None:
    assert [fault for seed in SEEDS for fault in lost_rows(seed, home)] == []


def test_every_kind_of_accident_is_among_them() -> None:
    done = Counter(name for seed in SEEDS for name in accident(seed)[2])
    assert done.keys() == {mutate.__name__ for mutate in MUTATIONS}
    assert min(done.values()) >= 5


def test_an_accident_is_the_same_whenever_it_happens() -> None:
    assert accident(7) == accident(7)
    assert accident(7) != accident(8)
