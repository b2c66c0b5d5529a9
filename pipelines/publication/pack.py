"""Weekly, monthly and quarterly review packs, once each period has ended."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import duckdb

from data_contracts.errors import HomeError
from data_contracts.policy import CompanyPolicy, load_policy
from pipelines.files import replacing, write_text
from pipelines.ledger.queries import LedgerReader
from pipelines.publication.pack_blocks import Block
from pipelines.publication.pack_pages import html_of, pdf_of
from pipelines.publication.pack_sections import newest_event, sections
from pipelines.settings import Settings

_DAY: Final = timedelta(days=1)


class Cadence(StrEnum):
    """How often a review comes round."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True)
class Period:
    """Days a review looks back on, both included."""

    cadence: Cadence
    begins: date
    ends: date

    @property
    def name(self) -> str:
        """Name of its files, without their ending."""
        return f"{self.cadence}-{self.ends}"


@dataclass(frozen=True, slots=True)
class Pack:
    """A review that was written: its period and its two files."""

    period: Period
    html: Path
    pdf: Path


def last_whole(settings: Settings, cadence: Cadence) -> Period:
    """Return the newest period that had ended on the night last published.

    Raises
    ------
    HomeError
        If no night was published yet.
    """
    policy = load_policy(settings.policy_file)
    return last_period(cadence, policy, _published(settings)[0])


def last_period(cadence: Cadence, policy: CompanyPolicy, night: date) -> Period:
    """Return the newest week, fiscal month or fiscal quarter over before a night.

    Examples
    --------
    A week runs from the policy's first weekday; on its first day the one before it
    has ended.
    """
    calendar = policy.fiscal
    today = calendar.day(night)
    if cadence is Cadence.WEEKLY:
        ends = calendar.week_start(night) - _DAY
        return Period(cadence, ends - timedelta(days=6), ends)
    if cadence is Cadence.MONTHLY:
        ends = today.period_start - _DAY
        return Period(cadence, calendar.day(ends).period_start, ends)
    ends = today.quarter_start - _DAY
    return Period(cadence, calendar.day(ends).quarter_start, ends)


def write_due(settings: Settings) -> list[Pack]:
    """Write the packs of the policy's cadence that are due and not there yet.

    Returns
    -------
    list of Pack
        None before a plan is in force: there is nothing to review.
    """
    policy = load_policy(settings.policy_file)
    night, plan = _published(settings)
    if plan is None:
        return []
    periods = [last_period(Cadence(each), policy, night) for each in policy.reviews]
    return [
        write_pack(settings, period)
        for period in periods
        if not _place(settings, period, "html").is_file()
    ]


def write_pack(settings: Settings, period: Period) -> Pack:
    """Write one review as HTML and PDF, anew if it is there.

    Returns
    -------
    Pack
        The same night and ledger give the same bytes.

    Raises
    ------
    HomeError
        If no night was published yet.
    """
    night, _ = _published(settings)
    ledger = LedgerReader(settings.ledger_url)
    seen = _remembered(settings)
    before = [name for name in sorted(seen) if _is_before(name, period)]
    with duckdb.connect(str(settings.serving_copy), read_only=True) as copy:
        (company,) = copy.execute("select company from meta.publication").fetchall()[0]
        blocks = sections(
            copy,
            ledger,
            begins=period.begins,
            ends=period.ends,
            grain="week" if period.cadence is Cadence.WEEKLY else "month",
            through=night,
            after_event=seen[before[-1]] if before else 0,
        )
    pack = _written(settings, period, f"{company}", night, blocks)
    seen[period.name] = newest_event(ledger)
    text = json.dumps(dict(sorted(seen.items())), indent=1)
    write_text(text + "\n", settings.packs / "reviews.json")
    return pack


def _written(
    settings: Settings, period: Period, company: str, night: date, blocks: list[Block]
) -> Pack:
    title = f"{company}: {period.cadence} review to {period.ends}"
    about = (
        f"{period.begins} to {period.ends}, as known on {night}. Amounts in the "
        "company's currency."
    )
    pack = Pack(
        period, _place(settings, period, "html"), _place(settings, period, "pdf")
    )
    with replacing(pack.pdf) as temporary:
        temporary.write_bytes(pdf_of(title, about, blocks))
    write_text(
        html_of(title, about, blocks), pack.html
    )  # last: with it, a pack is made
    return pack


def _is_before(name: str, period: Period) -> bool:
    """Tell whether a review's name is of the same cadence and an earlier period."""
    return name.startswith(f"{period.cadence}-") and name < period.name


def _place(settings: Settings, period: Period, ending: str) -> Path:
    return settings.packs / f"{period.name}.{ending}"


def _published(settings: Settings) -> tuple[date, int | None]:
    if not settings.serving_copy.is_file():
        raise HomeError(
            f"serving copy {settings.serving_copy} does not exist",
            fix="run the nightly job: aop refresh",
        )
    with duckdb.connect(str(settings.serving_copy), read_only=True) as copy:
        found = copy.execute(
            "select as_of, plan_version from meta.publication"
        ).fetchone()
    if found is None:
        raise HomeError(
            f"serving copy {settings.serving_copy} does not say which night it is",
            fix="publish again: aop refresh",
        )
    return found[0], found[1]


def _remembered(settings: Settings) -> dict[str, int]:
    """Return the newest ledger event that each review showed, by its name."""
    place = settings.packs / "reviews.json"
    if not place.is_file():
        return {}
    found: dict[str, int] = json.loads(place.read_text(encoding="utf-8"))
    return found
