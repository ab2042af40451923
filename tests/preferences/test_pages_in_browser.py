"""The pages in a real Chromium, on a phone, without scripts."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from orchestration.preferences.journal import CONSENTS, PREFERENCES
from tests.dashboard.chromium import browser_path, chromium
from tests.preferences.served import Service, make_tenant, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        browser_path() is None and not os.environ.get("CROSSWEAVE_NEEDS_BROWSER"),
        reason="no Chromium on this machine: make browser",
    ),
]
PHONE = (390, 844)
NARROW = (320, 640)  # WCAG 2.2, 1.4.10: no scrolling in two directions from 320 CSS pixels on
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    with serving(make_tenant(tmp_path_factory.mktemp("preferences"))) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    """The running service, with a recipient of whom nobody has said anything."""
    return replace(running, anna=uuid.uuid4().hex * 2)


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Generator[Page]:
    """A page on a phone without JavaScript; what the browser asks for elsewhere fails the test."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, java_script_enabled=False, locale="de-CH"
    )
    page = context.new_page()
    foreign: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: foreign.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    hosts = {url.split("/")[2] for url in foreign if url.startswith("http")}
    assert len(hosts) == 1, hosts
    # Chromium also tells of an answer that is an error, and of the icon that no page has
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def said(service: Service) -> list[tuple[str, str]]:
    """(channel, status) of Anna's words."""
    rows = service.rows(CONSENTS)
    return [(r["channel"], r["status"]) for r in rows if r["identifier_key"] == service.anna]


def wishes(service: Service) -> dict[str, str]:
    rows = service.rows(PREFERENCES)
    return {r["preference"]: r["value"] for r in rows if r["identifier_key"] == service.anna}


def test_unsubscribing_asks_once_and_is_done(service: Service, page: Page) -> None:
    page.goto(service.unsubscribe())
    expect(page.get_by_role("heading", level=1)).to_have_text("Abmelden")
    expect(page.locator("main")).to_contain_text("Alpenrose & Söhne")
    assert said(service) == []
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("status")).to_contain_text("sendet Ihnen über diesen Kanal nichts mehr")
    assert said(service) == [("email", "withdrawn")]
    page.get_by_role("link", name="Alle Einstellungen").click()
    expect(page.get_by_label("E-Mail")).not_to_be_checked()
    expect(page.get_by_label("SMS")).to_be_checked()


def test_preferences_are_said_kept_and_shown_again(service: Service, page: Page) -> None:
    page.goto(service.preferences())
    page.get_by_label("SMS").uncheck()
    page.get_by_label("Skifahren").check()
    page.get_by_label("Höchstens wie oft").select_option(label="Einmal im Monat")
    page.get_by_label("Von").fill("21:30")
    page.get_by_label("Bis").fill("08:00")
    page.get_by_label("Sprache").select_option(label="Français")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Gespeichert")
    assert said(service) == [("sms", "withdrawn")]
    assert wishes(service) == {
        "channel": "email",
        "topic": "ski",
        "frequency": "monthly",
        "quiet_hours": "21:30-08:00",
        "language": "fr",
    }
    page.goto(service.preferences())
    expect(page.get_by_label("Skifahren")).to_be_checked()
    expect(page.get_by_label("SMS")).to_be_disabled()
    expect(page.get_by_label("Höchstens wie oft")).to_have_value("monthly")
    expect(page.get_by_label("Von")).to_have_value("21:30")
    page.get_by_role("button", name="Von allem abmelden").click()
    expect(page.get_by_role("status")).to_contain_text("von allem abgemeldet")
    assert said(service)[-1] == ("all", "withdrawn")


def test_one_time_alone_is_asked_for_again_and_nothing_is_kept(
    service: Service, page: Page
) -> None:
    page.goto(service.preferences())
    page.get_by_label("Skifahren").check()
    page.get_by_label("Von").fill("21:30")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("alert")).to_contain_text("beide Zeiten")
    expect(page.get_by_label("Skifahren")).to_be_checked()
    assert (said(service), wishes(service)) == ([], {})


def test_the_language_is_a_link_away(service: Service, page: Page) -> None:
    page.goto(service.preferences())
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce que nous pouvons vous envoyer")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status")).to_contain_text("Enregistré")


@pytest.mark.parametrize("size", [PHONE, NARROW], ids=["phone", "narrow"])
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_it_fits_a_phone_and_a_thumb(
    service: Service, browser: Browser, size: tuple[int, int], language: str
) -> None:
    """No scrolling sideways; what is pressed is at least 44 pixels high (Apple, WCAG 2.5.5)."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    for url in (service.preferences(), service.unsubscribe()):
        page.goto(f"{url}?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        for target in page.locator("button, select, input[type=time], label.choice, nav a").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44, (url, target.inner_text())
    context.close()


def test_keys_alone_reach_everything(service: Service, page: Page) -> None:
    page.goto(service.unsubscribe())
    for _ in range(3):  # two languages, then the button
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    assert said(service) == [("email", "withdrawn")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(
    service: Service, browser: Browser, scheme: str
) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1, by the formula of the standard."""
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(service.preferences())
    page.get_by_role("button", name="Save").click()
    for selector in ("h1", ".brand", ".hint", "legend", "button", "button.plain", ".told", "nav a"):
        color, ground = page.locator(selector).first.evaluate(
            """element => {
                let node = element;
                const clear = value => value === 'rgba(0, 0, 0, 0)' || value === 'transparent';
                while (node && clear(getComputedStyle(node).backgroundColor))
                    node = node.parentElement;
                return [getComputedStyle(element).color, getComputedStyle(node).backgroundColor];
            }"""
        )
        assert contrast(color, ground) >= 4.5, (selector, color, ground)
    context.close()


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two `rgb(...)` colours (WCAG 2.2, definition of contrast ratio)."""

    def luminance(text: str) -> float:
        parts = [int(part) / 255 for part in text[text.index("(") + 1 : -1].split(",")[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)
