"""Review packs: which period is told, and that a file needs nothing but itself."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.policy import CompanyPolicy
from pipelines.publication.pack import Cadence, last_period
from pipelines.publication.pack_blocks import WIDTH, Block, fan, waterfall
from pipelines.publication.pack_pages import html_of, pdf_of

POLICY = CompanyPolicy.model_validate(
    {
        "company": {"name": "Acme"},
        "calendar": {"fiscal_year_start_month": 2},
        "segments": [{"id": "smb", "name": "Small", "is_default": True}],
        "roles": [
            {"id": "ae", "name": "AE", "hris_roles": ["ae"], "is_quota_bearing": True}
        ],
        "targets": {"growth_share": 0.1},
    }
)
BLOCKS = [
    Block(
        "Attainment <forecast>",
        "bookings & plan",
        ("node", "plan"),
        (("a < b", "1,000.00"), ("c", "2.00")),
        fan(["Feb", "Mar"], [10, 20], [12, None], [None, (5, 9, 30)]),
    ),
    Block("Why", "", drawing=waterfall([("ramp", -3.0), ("coverage", 5.0)], 10.0)),
]


@pytest.mark.parametrize(
    ("cadence", "night", "begins", "ends"),
    [
        # 5 June 2026 is a Friday; the fiscal year starts in February
        (Cadence.WEEKLY, date(2026, 6, 5), date(2026, 5, 25), date(2026, 5, 31)),
        (Cadence.WEEKLY, date(2026, 6, 8), date(2026, 6, 1), date(2026, 6, 7)),
        (Cadence.MONTHLY, date(2026, 6, 5), date(2026, 5, 1), date(2026, 5, 31)),
        (Cadence.QUARTERLY, date(2026, 6, 5), date(2026, 2, 1), date(2026, 4, 30)),
        (Cadence.QUARTERLY, date(2026, 5, 1), date(2026, 2, 1), date(2026, 4, 30)),
    ],
)
def test_a_review_tells_of_the_last_whole_period(
    cadence: Cadence, night: date, begins: date, ends: date
) -> None:
    told = last_period(cadence, POLICY, night)
    assert (told.begins, told.ends) == (begins, ends)
    assert told.name == f"{cadence}-{ends}"


@given(
    st.sampled_from(list(Cadence)),
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
)
def test_periods_follow_each_other_without_a_gap(cadence: Cadence, night: date) -> None:
    told = last_period(cadence, POLICY, night)
    assert told.begins <= told.ends < night
    before = last_period(cadence, POLICY, told.begins)
    assert before.ends == told.begins - timedelta(days=1)


def test_the_page_needs_no_other_file_and_shows_text_as_text() -> None:
    page = html_of("Acme <review>", "of May", BLOCKS)
    assert "Acme &lt;review&gt;" in page
    assert "a &lt; b" in page
    addresses = set(re.findall(r"https?://[^\"' <]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, nothing is fetched
    assert not re.search(r"<(script|link|img|iframe)\b", page)
    assert "@page" in page


def test_the_pdf_is_one_and_the_same_each_time() -> None:
    made = pdf_of("Acme review", "of May", BLOCKS)
    assert made.startswith(b"%PDF-")
    assert made == pdf_of("Acme review", "of May", BLOCKS)
    assert made != pdf_of("Acme review", "of June", BLOCKS)


@given(
    st.lists(st.floats(-1e9, 1e9), max_size=8),
    st.floats(0, 1e9),
)
def test_every_bar_of_a_waterfall_stays_inside_its_drawing(
    amounts: list[float], start: float
) -> None:
    drawn = waterfall([(f"c{n}", each) for n, each in enumerate(amounts)], start)
    bars = re.findall(
        r'<rect x="([-\d.]+)" y="([-\d.]+)" width="([-\d.]+)" height="([-\d.]+)"',
        drawn.svg,
    )
    assert len(bars) == len(amounts) + 2
    for x, y, width, height in (map(float, bar) for bar in bars):
        assert 0 <= x <= x + width <= WIDTH + 0.1
        assert 0 <= y <= y + height <= drawn.height + 0.1
