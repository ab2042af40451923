"""The service over HTTP, as a mail program and a browser meet it (RFC 8058, RFC 2369)."""

from __future__ import annotations

import re
import signal
import uuid
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from orchestration.preferences.journal import CONSENTS, PREFERENCES, TABLES
from orchestration.preferences.links import LinkKeys, unsubscribe_url
from tests.preferences.served import BELA, KEYS, Service, make_tenant, serving

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SAVED = {"action": "save", "channel": ["email", "sms"], "frequency": "any", "language": ""}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    folder = tmp_path_factory.mktemp("preferences")
    with serving(make_tenant(folder), log=folder / "log") as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    """The running service, of whose recipients nobody has said anything: the files have left."""
    for path in running.journal.folder.rglob("*.jsonl"):
        path.unlink()
    return replace(running, anna=uuid.uuid4().hex * 2)


def said(service: Service) -> list[tuple[str, str, str, str, str]]:
    """(address, channel, purpose, status, method) of every word on a channel."""
    return [
        (
            "anna" if row["identifier_key"] == service.anna else row["identifier_key"],
            row["channel"],
            row["purpose"],
            row["status"],
            row["method"],
        )
        for row in service.rows(CONSENTS)
    ]


def wishes(service: Service) -> list[tuple[str, str]]:
    return [(row["preference"], row["value"]) for row in service.rows(PREFERENCES)]


WITHDRAWN = ("anna", "email", "marketing", "withdrawn", "one_click")


def test_one_click_needs_no_login_no_cookie_and_no_redirect(service: Service) -> None:
    answer = httpx.post(service.unsubscribe(), data=ONE_CLICK)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert said(service) == [WITHDRAWN]
    (row,) = service.rows(CONSENTS)
    assert row["identifier_type"] == "email_key"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["occurred_at"])


def test_one_click_as_multipart_form_data(service: Service) -> None:
    """RFC 8058, 3.1: the encoding that senders of the request should use."""
    body = (
        "--frontier\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n"
        "One-Click\r\n--frontier--\r\n"
    )  # fmt: skip
    headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
    assert httpx.post(service.unsubscribe(), content=body, headers=headers).status_code == 200
    assert said(service) == [WITHDRAWN]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_a_link_changes_nothing(service: Service, method: str) -> None:
    for url in (service.unsubscribe(), service.preferences()):
        assert httpx.request(method, url).status_code == 200
    assert [path for table in TABLES for path in service.journal.files(table)] == []


def test_a_post_without_the_words_of_the_rfc_asks_again(service: Service) -> None:
    answer = httpx.post(service.unsubscribe(), data={"some": "thing"})
    assert answer.status_code == 400
    assert 'value="One-Click"' in answer.text
    assert said(service) == []


def test_the_same_click_again_says_the_same(service: Service) -> None:
    first, second = (httpx.post(service.unsubscribe(), data=ONE_CLICK) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.text == second.text
    assert said(service) == [WITHDRAWN] * 2


def test_a_link_of_an_earlier_key_works_and_of_a_foreign_one_does_not(service: Service) -> None:
    values = {"identifier_key": service.anna, "channel": "email", "purpose": "marketing"}
    old = unsubscribe_url(service.address, LinkKeys(KEYS.keys[1:]), **values)
    assert httpx.post(old, data=ONE_CLICK).status_code == 200
    foreign = unsubscribe_url(service.address, LinkKeys(("a key of somebody else",)), **values)
    assert httpx.post(foreign, data=ONE_CLICK).status_code == 404
    assert said(service) == [WITHDRAWN]


def test_a_changed_link_is_refused_and_not_repeated(service: Service) -> None:
    url = service.unsubscribe()
    changed = url[:-5] + ("AAAAA" if not url.endswith("AAAAA") else "BBBBB")
    for method, link in (
        ("GET", changed),
        ("POST", changed),
        ("POST", service.preferences().replace("/preferences/", "/unsubscribe/")),
        ("POST", f"{service.address}/unsubscribe/x%00y"),
    ):
        answer = httpx.request(method, link, data=ONE_CLICK if method == "POST" else None)
        assert answer.status_code == 404
        assert link.rpartition("/")[2] not in answer.text
    assert said(service) == []


@pytest.mark.parametrize("path", ["/", "/unsubscribe", "/unsubscribe/", "/style.css"])
def test_elsewhere_there_is_nothing(service: Service, path: str) -> None:
    assert httpx.get(service.address + path).status_code in (404, 405)


def test_other_methods_are_refused(service: Service) -> None:
    for method in ("PUT", "DELETE"):
        assert httpx.request(method, service.unsubscribe()).status_code == 405
    assert said(service) == []


def test_every_answer_carries_strict_headers(service: Service) -> None:
    answers = [
        httpx.get(service.unsubscribe()),
        httpx.get(service.preferences()),
        httpx.post(service.unsubscribe(), data=ONE_CLICK),
        httpx.get(f"{service.address}/unsubscribe/nobody"),
        httpx.post(service.unsubscribe(), content=b"x" * 70_000),
        httpx.get(f"{service.address}/health"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 413, 200]
    for answer in answers:
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "'unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
        assert "set-cookie" not in headers


def test_a_body_without_a_length_is_cut_off_too(service: Service) -> None:
    blocks = (b"x" * 1000 for _ in range(100))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(service.unsubscribe(), content=blocks, headers=headers)
    assert answer.status_code == 413
    assert said(service) == []


class _Parts(HTMLParser):
    """Tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_page_needs_no_script_and_nothing_from_elsewhere(service: Service, language: str) -> None:
    for url in (service.unsubscribe(), service.preferences(), f"{service.address}/preferences/x"):
        parts = _Parts(httpx.get(url, params={"lang": language}).text)
        names = {tag for tag, _ in parts.tags}
        assert names.isdisjoint({"script", "img", "link", "iframe", "object"})
        assert ("html", {"lang": language}) in parts.tags
        for _, attributes in parts.tags:
            for name in ("href", "src", "action"):
                assert not re.match(r"(https?:)?//", attributes.get(name) or "")
            assert "style" not in attributes
            assert not any(name.startswith("on") for name in attributes)


def test_every_field_has_a_label(service: Service) -> None:
    parts = _Parts(httpx.get(service.preferences()).text)
    labelled = {attributes["for"] for tag, attributes in parts.tags if "for" in attributes}
    fields = [
        a for tag, a in parts.tags if tag in ("input", "select") and a.get("type") != "hidden"
    ]
    assert fields
    for field in fields:
        assert field.get("type") == "checkbox" or field["id"] in labelled


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("fr;q=0.2,de;q=0.7", "de"),
        ("it,fr-CH;q=0.5", "fr"),
        ("ja", "en"),
        ("de;q=0", "en"),
        ("de;q=high", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_the_readers(service: Service, accepted: str, language: str) -> None:
    page = httpx.get(service.unsubscribe(), headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page


def test_what_is_said_on_the_page_is_what_differs(service: Service) -> None:
    url = service.preferences()
    assert httpx.post(url, data=SAVED).status_code == 200
    assert (said(service), wishes(service)) == ([], [])
    told = {
        **SAVED,
        "channel": ["email"],
        "topic": ["trails", "ski"],
        "frequency": "monthly",
        "quiet_from": "21:30",
        "quiet_to": "08:00",
        "language": "de",
    }
    assert httpx.post(url, data=told).status_code == 200
    assert said(service) == [("anna", "sms", "marketing", "withdrawn", "page")]
    assert wishes(service) == [
        ("channel", "email"),
        ("topic", "ski"),
        ("topic", "trails"),
        ("frequency", "monthly"),
        ("quiet_hours", "21:30-08:00"),
        ("language", "de"),
    ]
    statements = [(row["id"], row["position"]) for row in service.rows(PREFERENCES)]
    assert len({statement for statement, _ in statements}) == 5
    assert [position for _, position in statements] == [1, 1, 2, 1, 1, 1]


def test_the_page_shows_what_was_said_and_takes_it_back(service: Service) -> None:
    url = service.preferences()
    told = {**SAVED, "topic": "ski", "frequency": "weekly", "quiet_from": "22:00",
            "quiet_to": "06:15"}  # fmt: skip
    httpx.post(url, data=told)
    page = httpx.get(url).text
    assert 'value="ski" checked' in page
    assert 'value="trails" checked' not in page
    assert '<option value="weekly" selected>' in page
    assert 'name="quiet_from" value="22:00"' in page
    assert 'name="quiet_to" value="06:15"' in page
    httpx.post(url, data=SAVED)
    assert wishes(service)[-3:] == [
        ("topic", "none"),
        ("frequency", "any"),
        ("quiet_hours", "none"),
    ]
    page = httpx.get(url).text
    assert 'value="ski" checked' not in page
    assert 'name="quiet_from" value=""' in page


def test_an_empty_box_stops_and_only_the_links_own_channel_can_be_switched_on(
    service: Service,
) -> None:
    """The link proves an e-mail address, no phone number."""
    url = service.preferences()
    httpx.post(url, data={**SAVED, "channel": []})
    assert said(service) == [
        ("anna", "email", "marketing", "withdrawn", "page"),
        ("anna", "sms", "marketing", "withdrawn", "page"),
    ]
    page = httpx.get(url).text
    assert re.search(r'value="email">', page)
    assert re.search(r'value="sms" disabled aria-describedby="off-sms"', page)
    httpx.post(url, data=SAVED)
    assert said(service)[2:] == [("anna", "email", "marketing", "granted", "page")]


def test_a_refusal_is_said_again_whatever_was_known(service: Service) -> None:
    """Another source may have heard a yes in between, of which the page does not know."""
    url = service.preferences()
    for _ in range(2):
        httpx.post(url, data={**SAVED, "channel": ["email"]})
    assert said(service) == [("anna", "sms", "marketing", "withdrawn", "page")] * 2


def test_unsubscribing_from_everything(service: Service) -> None:
    answer = httpx.post(service.preferences(), data={"action": "stop_all"})
    assert answer.status_code == 200
    assert said(service) == [("anna", "all", "marketing", "withdrawn", "page")]
    assert "checked" not in answer.text
    assert 'value="email" checked' in httpx.get(service.preferences(BELA)).text


def test_a_link_of_a_channel_that_the_page_does_not_list_shows_it(service: Service) -> None:
    page = httpx.get(service.preferences(channel="push")).text
    assert 'value="push" checked' in page
    assert httpx.get(service.preferences(channel="store")).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": ["email", "telepathy"]},
        {"topic": "golf"},
        {"frequency": "hourly"},
        {"language": "xx"},
        {"quiet_from": "25:00", "quiet_to": "06:00"},
        {"quiet_from": "21:00"},
        {"quiet_to": "<script>"},
    ],
)
def test_what_the_page_does_not_offer_changes_nothing(
    service: Service, fields: dict[str, str | list[str]]
) -> None:
    answer = httpx.post(service.preferences(), data={**SAVED, "topic": "ski", **fields})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text
    assert (said(service), wishes(service)) == ([], [])


def test_a_disk_that_takes_nothing_is_told_and_the_service_goes_on(service: Service) -> None:
    path = service.journal.open_file(CONSENTS)
    path.mkdir()
    try:
        answer = httpx.post(service.unsubscribe(), data=ONE_CLICK)
    finally:
        path.rmdir()
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert httpx.post(service.unsubscribe(), data=ONE_CLICK).status_code == 200


def test_a_fault_of_the_service_itself_is_told_as_strictly(service: Service) -> None:
    """A journal that cannot be understood: the page fails, the headers stay."""
    httpx.post(service.unsubscribe(), data=ONE_CLICK)
    service.journal.open_file(CONSENTS).write_text("{}\n", encoding="utf-8")
    answer = httpx.get(service.preferences())
    service.journal.open_file(CONSENTS).unlink()
    assert answer.status_code == 500
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert httpx.get(service.preferences()).status_code == 200


def test_no_log_line_holds_a_token(service: Service, running: Service) -> None:
    """Whoever reads a log could act for every recipient."""
    for url in (service.unsubscribe(), service.preferences(), service.unsubscribe() + "x"):
        httpx.get(url)
        httpx.post(url, data=ONE_CLICK)
    log = (service.paths.root / "log").read_text(encoding="utf-8")
    assert "unsubscribed from marketing on email" in log
    for url in (service.unsubscribe(), service.preferences()):
        assert url.rpartition("/")[2][:40] not in log
    assert service.anna not in log


def test_many_at_once_are_all_kept(service: Service) -> None:
    keys = [f"{number:064x}" for number in range(200)]
    with httpx.Client() as client, ThreadPoolExecutor(16) as pool:

        def click(key: str) -> int:
            return client.post(service.unsubscribe(key), data=ONE_CLICK).status_code

        assert set(pool.map(click, keys)) == {200}
    assert sorted(row["identifier_key"] for row in service.rows(CONSENTS)) == keys


@pytest.mark.parametrize("answers", [1, 60])
def test_a_killed_service_has_kept_what_it_answered(tmp_path: Path, answers: int) -> None:
    """SIGKILL under load: every address that got a 200 is in a file, each line whole."""
    paths = make_tenant(tmp_path)
    answered: set[str] = set()
    with serving(paths, "--close-after", "0.05") as service, httpx.Client() as client:

        def click(number: int) -> None:
            key = f"{number:064x}"
            try:
                answer = client.post(service.unsubscribe(key), data=ONE_CLICK)
            except httpx.TransportError:
                return
            assert answer.status_code == 200
            answered.add(key)
            if len(answered) >= answers and service.process is not None:
                service.process.send_signal(signal.SIGKILL)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(click, range(200)))
        assert service.process is not None
        assert service.process.wait(timeout=10) == -signal.SIGKILL
    assert answers <= len(answered) < 200
    with serving(paths) as service:
        kept = {row["identifier_key"] for row in service.rows(CONSENTS)}
        assert answered <= kept


def test_stopping_hands_what_was_said_to_landing(tmp_path: Path) -> None:
    with serving(make_tenant(tmp_path)) as service:
        httpx.post(service.unsubscribe(), data=ONE_CLICK)
        assert service.journal.open_file(CONSENTS).exists()
    assert not service.journal.open_file(CONSENTS).exists()
    (file,) = service.journal.files(CONSENTS)
    assert file.parent == service.journal.folder
    assert said(service) == [WITHDRAWN]
