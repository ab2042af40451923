"""The dashboard in a real Chromium over a real run of the simulated brand, wide and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from orchestration.settings import PROJECT_ROOT
from tests.dashboard.chromium import browser_path, chromium, dashboard
from tests.tenants import Tenant

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        browser_path() is None and not os.environ.get("CROSSWEAVE_NEEDS_BROWSER"),
        reason="no Chromium on this machine: make browser",
    ),
]

SIZES = {"wide": (1280, 900), "phone": (390, 844)}
PAGES = {
    "": "Scorecard",  # the first page is the application's own address
    "channels": "Channels and campaigns",
    "cohorts": "Cohorts",
    "journeys": "Journey map",
    "handoffs": "Hand-offs and drop-offs",
    "funnels": "Funnels",
    "friction": "Friction roadmap",
    "segments": "Segments",
    "activation": "Activation",
    "identity": "Identity health",
    "person": "One person's story",
}
WAIT_MS = 60_000  # the five seconds of the driver are not enough for a machine that is busy
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    """150 persons of the simulated brand, from files to the serving copy."""
    tenant = Tenant(tmp_path_factory.mktemp("dashboard"), "demo")
    target = tenant.root / "tenants" / "demo" / "tenant.yml"
    target.parent.mkdir(parents=True)
    shutil.copyfile(PROJECT_ROOT / "data" / "tenants" / "demo" / "tenant.yml", target)
    tenant.run("land", "--persons", "150", "--days", "120")
    tenant.run()
    return tenant


@pytest.fixture(scope="module")
def address(demo: Tenant) -> Generator[str]:
    with dashboard(demo.environment()) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Generator[Page]:
    """A page of the size that the test asks for; it may talk to this machine alone."""
    width, height = SIZES[getattr(request, "param", "wide")]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    yield page
    context.close()
    outside = [
        url
        for url in asked
        if not url.startswith(("http://127.0.0.1", "data:", "blob:", "ws://127"))
    ]
    assert outside == [], "telemetry, or a file from elsewhere"


def visit(page: Page, url: str) -> None:
    """Open an address and wait until Streamlit has run the page."""
    page.goto(url)
    page.wait_for_selector("h1")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=WAIT_MS)


@pytest.mark.parametrize("opened", SIZES, indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_itself_and_fits(opened: Page, address: str, name: str) -> None:
    visit(opened, f"{address}/{name}")
    expect(opened.locator("h1")).to_have_text(PAGES[name])
    expect(opened.get_by_test_id("stException")).to_have_count(0)
    expect(opened.get_by_role("dialog")).to_have_count(0)
    expect(opened.get_by_test_id("stExpander").first).to_be_visible()
    main = opened.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    for chart in opened.locator(".js-plotly-plot").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= opened.viewport_size["width"]  # ty: ignore
        assert chart.locator(".main-svg").count() > 0


def test_a_persons_story_from_the_search_to_the_edges(
    opened: Page, address: str, demo: Tenant
) -> None:
    """Search by the beginning of a hash; the number of orders is the warehouse's own."""
    with duckdb.connect(str(demo.paths.warehouse), read_only=True) as connection:
        key, person, orders = connection.execute(
            "select min(keys.identifier_key), profiles.person_id, profiles.order_count "
            "from core.dim_profiles as profiles inner join identity.identifier_person as keys "
            "on profiles.person_id = keys.person_id and keys.is_current "
            "where profiles.order_count > 1 group by all order by 2 limit 1"
        ).fetchall()[0]
    visit(opened, f"{address}/person")
    opened.get_by_role("textbox").first.fill(key[:12])
    opened.keyboard.press("Enter")
    expect(opened.get_by_text(f"person {person}")).to_be_visible(timeout=WAIT_MS)
    metric = opened.get_by_test_id("stMetric").filter(has_text="order count")
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(str(orders))
    expect(opened.get_by_text("Why these identifiers are one person")).to_be_visible()
    assert f"person={person}" in opened.url  # the story can be sent to a colleague


def test_the_sql_of_a_chart_is_one_click_away(opened: Page, address: str) -> None:
    visit(opened, f"{address}/channels")
    expander = opened.get_by_test_id("stExpander").first
    expander.get_by_text("Table and SQL").click()
    expect(expander.get_by_text("kpis.channel_daily")).to_be_visible()
