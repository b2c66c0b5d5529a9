"""The demo company is a normal company: its marginals lie in the norms' bands."""

import pytest

from pipelines.demo.marginals import Marginal, marginals
from pipelines.demo.sizes import demo_dates
from pipelines.demo.world import live


def measured(size: str, seed: int) -> list[Marginal]:
    night = demo_dates(size=size).after_leaver_night
    return marginals(live(size=size, seed=seed, as_of=night))


def outside(found: list[Marginal]) -> list[tuple[str, float, float, float]]:
    return [
        (one.name, one.value, one.low, one.high) for one in found if not one.is_normal
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_medium_company_lies_in_every_band(seed: int) -> None:
    found = measured("medium", seed)
    assert len(found) >= 34
    assert outside(found) == []


@pytest.mark.slow
def test_a_large_company_lies_in_every_band() -> None:
    # 1,000 sellers leave little to chance; inquiries make the rest of the pipeline
    assert outside(measured("large", 1)) == []
