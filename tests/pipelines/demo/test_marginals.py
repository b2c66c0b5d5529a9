"""The demo company is a normal company: its marginals lie in the norms' bands."""

import pytest

from pipelines.demo.marginals import marginals
from pipelines.demo.sizes import demo_dates
from pipelines.demo.world import live


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_medium_company_lies_in_every_band(seed: int) -> None:
    night = demo_dates(size="medium").after_leaver_night
    world = live(size="medium", seed=seed, as_of=night)
    found = marginals(world)
    assert len(found) >= 25
    odd = [
        (one.name, one.value, one.low, one.high) for one in found if not one.is_normal
    ]
    assert odd == []
