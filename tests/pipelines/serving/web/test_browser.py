"""A review in a real browser: sign-in to publication, on a phone, without script."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext
from playwright.sync_api import Page as Tab

from pipelines.ledger.store import Ledger
from pipelines.serving.home import make_home
from pipelines.serving.web.app import pages
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.users import Users
from pipelines.settings import Settings
from tests.pipelines.serving.web.conftest import (
    PASSWORD,
    QUICK,
    add_scenarios,
    make_tables,
    publish_night,
)
from tests.pipelines.serving.web.looking import faults, launched, needs_browser
from tests.pipelines.serving.web.provider import served
from tests.pipelines.serving.web.test_pages import PATHS

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def home(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(built, folder)
    add_scenarios(Settings(folder))
    return Settings(folder)


@pytest.fixture(scope="module")
def address(home: Settings) -> Iterator[str]:
    """Serve the company on a port the system chose; return where."""
    desk = Desk(home, users=Users(home, hasher=QUICK))
    with served(pages(home, desk=desk)) as where:
        yield where


@pytest.fixture
def desktop(chromium: Chromium) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def sign_in(tab: Tab, address: str, name: str) -> None:
    tab.goto(f"{address}/sign-in")
    tab.get_by_label("E-mail address").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (390, "dark")], ids=["desk", "phone"]
)
def test_every_page_fits_the_screen_and_has_no_serious_fault_for_anybody(
    width: int, scheme: str, chromium: Chromium, address: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    tab, complaints, asked = context.new_page(), [], set()
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("request", lambda request: asked.add(request.url.split("/")[2]))
    sign_in(tab, address, "ada@example.com")
    for number, path in enumerate((*PATHS, "/scenarios", "/nowhere")):
        is_desk = width > 1000
        if is_desk and number % 2:
            continue  # looked at on the phone
        tab.goto(f"{address}{path}")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path
        if is_desk or number % 2:
            found = Axe().run(tab).response["violations"]
            serious = [
                (one["id"], one["nodes"][0]["html"])
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], path
    with tab.expect_response(lambda answer: "draw=fan" in answer.url) as drawn:
        tab.goto(f"{address}/forecasts")
        tab.get_by_role("img").first.scroll_into_view_if_needed()
    assert ("theme=dark" in drawn.value.url) is (scheme == "dark")
    if scheme == "dark":
        with tab.expect_response(lambda answer: answer.url.endswith("draw=fan")):
            tab.emulate_media(media="print")  # paper is white
    tab.emulate_media(media="print")
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    context.close()
    assert asked == {address.removeprefix("http://")}
    assert [text for text in complaints if "404" not in text] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_while_drawings_load(
    width: int, chromium: Chromium, address: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 400})
    tab = context.new_page()
    sign_in(tab, address, "ada@example.com")
    for path in ("/", "/plans/2", "/quotas", "/scenarios"):
        tab.goto(f"{address}{path}")
        before = tab.evaluate(WHERE_SECTIONS_ARE)
        drawings = tab.locator("figure img").all()
        assert drawings, path
        for drawing in drawings:
            drawing.scroll_into_view_if_needed()
            drawing.evaluate("one => one.decode()")
        tab.evaluate("scrollTo(0, 0)")
        assert tab.evaluate(WHERE_SECTIONS_ARE) == before, path
    context.close()


WHERE_SECTIONS_ARE = """() => Array.from(document.querySelectorAll("section, footer"))
    .map(one => Math.round(one.getBoundingClientRect().top + scrollY))"""


def test_every_page_of_an_empty_company_fits_and_stays_quiet(
    chromium: Chromium, tmp_path: Path
) -> None:
    settings = Settings(tmp_path / "home")
    make_home(settings)
    settings.serving.mkdir()
    with duckdb.connect(settings.serving_copy) as connection:
        make_tables(connection)
        publish_night(connection, None)
    assert faults(settings, chromium, width=390) == []


def test_a_review_goes_from_sign_in_to_publication(
    desktop: BrowserContext, address: str, home: Settings
) -> None:
    tab = desktop.new_page()
    tab.goto(f"{address}/plans/2")  # not signed in: the page comes after
    tab.get_by_label("E-mail address").fill("app@example.com")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    assert tab.url == f"{address}/plans/2"
    tab.get_by_label("Reason or comment").fill("who agreed?")
    tab.get_by_role("button", name="Comment").click()
    assert tab.get_by_role("status").inner_text() == "Your comment is stored."
    tab.get_by_role("button", name="Approve", exact=True).click()
    assert "approved" in tab.locator("dd").first.inner_text()
    tab.get_by_role("button", name="Publish version 2").click()
    assert "done=publish" not in tab.url  # the browser asks for the tick first
    tab.get_by_role("checkbox").check()
    tab.get_by_role("button", name="Publish version 2").click()
    assert tab.get_by_role("status").inner_text() == "The version is published."
    tab.get_by_role("button", name="Sign out").click()
    tab.goto(f"{address}/plans/2")
    assert "/sign-in" in tab.url
    plan = Ledger(home.ledger_url).get(2)
    assert (plan.state, plan.decided_by) == ("published", "app@example.com")


def test_pages_work_by_keyboard_without_script_and_in_print(
    chromium: Chromium, address: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/sign-in")
    tab.get_by_label("E-mail address").focus()
    tab.keyboard.type("ada@example.com")
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORD)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    tab.goto(f"{address}/forecasts")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#content")
    picture = tab.get_by_role("img").first
    picture.scroll_into_view_if_needed()
    assert picture.bounding_box() is not None
    tab.emulate_media(media="print")
    assert not tab.get_by_role("navigation").first.is_visible()
    assert tab.get_by_role("table").first.is_visible()
    context.close()
