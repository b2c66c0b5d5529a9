"""Every page of a home in a real browser: does it answer, fit, and stay quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from pipelines.serving.web.app import pages
from pipelines.serving.web.desk import Desk
from pipelines.settings import Settings
from tests.pipelines.serving.web.provider import served

CHROMIUM = Path("/usr/bin/chromium")
PAGES = (
    "/",
    "/drift",
    "/plans",
    "/territories",
    "/capacity",
    "/quotas",
    "/scenarios",
    "/forecasts",
    "/data",
    "/reps",
    "/rows",
    "/rows/plan.fct_attainment",
)

needs_browser = pytest.mark.skipif(
    not CHROMIUM.is_file(), reason=f"{CHROMIUM} is not installed: no browser"
)


@contextmanager
def launched() -> Iterator[Chromium]:
    """Give Debian's Chromium until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


def paths_of(desk: Desk) -> list[str]:
    """Return every kind of page of a company: its newest plan, a rep, an account."""
    found = list(PAGES)
    found += [f"/plans/{plan.version}" for plan in desk.ledger.versions()[-1:]]
    with desk.serving.snapshot() as snapshot:
        for table, key, where in (
            ("core.dim_rep", "rep_id", "reps"),
            ("core.dim_account", "account_id", "accounts"),
        ):
            rows = snapshot.ask(f"select min({key}) as id from {table}")
            found += [f"/{where}/{row['id']}" for row in rows if row["id"]]
    return found


def faults(settings: Settings, chromium: Chromium, *, width: int) -> list[str]:
    """Open every page as a reader on this machine; return what is wrong."""
    desk = Desk(settings)
    found: list[str] = []
    with served(pages(settings, desk=desk)) as address:
        context = chromium.new_context(viewport={"width": width, "height": 844})
        tab = context.new_page()
        tab.on("console", lambda message: found.append(f"console: {message.text}"))
        for path in paths_of(desk):
            answer = tab.goto(f"{address}{path}")
            if answer is None or answer.status != 200:
                found.append(f"{path}: {answer.status if answer else 'no answer'}")
            elif "As of" not in tab.get_by_role("banner").inner_text():
                found.append(f"{path}: does not say its night")
            if tab.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{path}: wider than {width}")
            if not tab.evaluate(
                "Array.from(document.images).every("
                "one => !one.complete || one.naturalWidth > 0)"
            ):
                found.append(f"{path}: a drawing is broken")
        context.close()
    return found
