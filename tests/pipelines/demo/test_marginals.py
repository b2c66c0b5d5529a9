"""The demo company is a normal company: its marginals lie in the norms' bands."""

from collections import defaultdict
from statistics import fmean

import pytest

from pipelines.demo.marginals import Marginal, marginals
from pipelines.demo.sizes import demo_dates
from pipelines.demo.world import live

SEEDS = (1, 2, 3, 4, 5)
STRAY_SHARE = 0.05  # of single figures may leave their band by chance


def measured(size: str, seed: int) -> list[Marginal]:
    night = demo_dates(size=size).after_leaver_night
    return marginals(live(size=size, seed=seed, as_of=night))


@pytest.mark.slow
def test_medium_companies_lie_in_every_band() -> None:
    found = [one for seed in SEEDS for one in measured("medium", seed)]
    by_name = defaultdict(list)
    for one in found:
        by_name[one.name].append(one)
    assert len(by_name) >= 33
    odd = {
        name: fmean(one.value for one in ones)
        for name, ones in by_name.items()
        if not ones[0].low <= fmean(one.value for one in ones) <= ones[0].high
    }
    assert odd == {}  # each figure, over all seeds
    strays = [(one.name, one.value) for one in found if not one.is_normal]
    assert len(strays) <= STRAY_SHARE * len(found), strays


@pytest.mark.slow
def test_a_large_company_lies_in_every_band() -> None:
    # 1,000 sellers leave little to chance; inquiries make the rest of the pipeline
    odd = [(one.name, one.value) for one in measured("large", 1) if not one.is_normal]
    assert odd == []
