"""The HTTP client of connectors: what every answer, or none, says about a batch."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass

import pytest

from orchestration.activation.connectors.base import (
    BatchRefused,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
)
from orchestration.activation.connectors.http import Answer, HttpClient, HttpSettings
from tests.destinations.http_server import Fault, Reply, Request, http_server


@dataclass
class Echo:
    """Answers with what it was asked; wants `token`, where there is one."""

    token: str | None = None
    count: int = 0

    def answer(self, request: Request) -> Reply:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {"error": "token expired"})
        self.count += 1
        return Reply(200, {"path": request.path, "query": dict(request.query)})


def _client(url: str, *, read_timeout_s: float = 30, **options: object) -> HttpClient:
    settings = HttpSettings(connect_timeout_s=30, read_timeout_s=read_timeout_s)
    return HttpClient(url, settings, **options)  # type: ignore[arg-type]


STATUSES: list[tuple[int, type[Exception]]] = [
    (301, DestinationDown),
    (400, BatchRefused),
    (401, DestinationDown),
    (403, DestinationDown),
    (404, DestinationDown),
    (408, OutcomeUnknown),
    (410, DestinationDown),
    (413, BatchRefused),
    (422, BatchRefused),
    (429, NotDelivered),
    (500, OutcomeUnknown),
    (503, OutcomeUnknown),
]


@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_every_status_means_one_thing_and_nothing_of_the_answer_is_quoted(
    status: int, error: type[Exception]
) -> None:
    with http_server(Echo()) as server:
        server.faults.append(
            Fault(
                status=status,
                body={"error": "anna@example.com"},
                headers={"location": "http://127.0.0.1:1/elsewhere"},
            )
        )
        with pytest.raises(error) as caught:
            _client(f"{server.url}/hook/s3cret").request("POST", content=b"{}")
    assert type(caught.value) is error
    assert str(status) in str(caught.value)
    for word in ("anna", "s3cret", "127.0.0.1", "elsewhere"):
        assert word not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault", [Fault(is_reset=True), Fault(is_silent=True), Fault(commits=True, is_cut=True)]
)
@pytest.mark.parametrize("is_repeatable", [True, False])
def test_an_answer_that_never_came_leaves_it_open(fault: Fault, is_repeatable: bool) -> None:
    with http_server(Echo()) as server:
        server.faults.append(fault)
        client = _client(server.url, read_timeout_s=2 if fault.is_silent else 30)
        with pytest.raises(OutcomeUnknown) as caught:
            client.request("POST", content=b"{}", is_repeatable=is_repeatable)
    assert caught.value.is_repeatable is is_repeatable
    assert len(server.requests) == 1


def test_a_body_that_is_no_json_leaves_it_open() -> None:
    with http_server(Echo()) as server:
        server.faults.append(Fault(commits=True, is_truncated=True))
        answer = _client(server.url).request("POST", content=b"{}", is_repeatable=True)
    with pytest.raises(OutcomeUnknown, match="no JSON") as caught:
        answer.json()
    assert caught.value.is_repeatable


def test_where_nothing_listens_nothing_was_delivered() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(NotDelivered, match="no connection"):
            _client(url).request("POST", content=b"{}")


def test_a_name_that_nobody_has_is_not_delivered() -> None:
    with pytest.raises(NotDelivered, match="no connection"):
        _client("https://nobody.invalid").request("POST", content=b"{}")


def test_a_server_that_does_not_speak_tls_ends_the_run() -> None:
    with http_server(Echo()) as server, pytest.raises(DestinationDown, match="TLS"):
        _client(server.url.replace("http://", "https://")).request("GET")


def test_how_long_to_wait_is_handed_on() -> None:
    with http_server(Echo()) as server:
        server.faults.append(Fault(status=429, headers={"Retry-After": "7"}))
        server.faults.append(Fault(status=503, headers={"Retry-After": "8"}))
        with pytest.raises(NotDelivered) as throttled:
            _client(server.url).request("GET")
        with pytest.raises(OutcomeUnknown) as broken:
            _client(server.url).request("GET")
    assert (throttled.value.retry_after_s, broken.value.retry_after_s) == (7.0, 8.0)


@pytest.mark.parametrize(("renewed", "count"), [("new", 2), ("also old", 1)])
def test_an_expired_token_is_renewed_once(renewed: str, count: int) -> None:
    echo = Echo(token="first")
    tokens = ["first"]

    def authorize(renew: bool) -> dict[str, str]:
        if renew:
            tokens.append(renewed)
        return {"authorization": f"Bearer {tokens[-1]}"}

    with http_server(echo) as server:
        client = _client(server.url, authorize=authorize)
        client.request("POST", content=b"{}")
        echo.token = "new"
        if renewed == "new":
            client.request("POST", content=b"{}")
        else:
            with pytest.raises(DestinationDown, match="credentials refused"):
                client.request("POST", content=b"{}")
    assert (echo.count, len(server.requests), tokens) == (count, 3, ["first", renewed])


def test_a_connector_that_knows_better_judges_first() -> None:
    def judge(answer: Answer) -> None:
        if answer.json() == {"code": 190}:
            raise DestinationDown("190: token")

    with http_server(Echo()) as server:
        server.faults.extend([Fault(status=400, body={"code": code}) for code in (190, 100)])
        client = _client(server.url, judge=judge)
        with pytest.raises(DestinationDown, match="190"):
            client.request("POST", json_body={})
        with pytest.raises(BatchRefused):
            client.request("POST", json_body={})


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a proxy in the environment, a "local" destination would be anywhere."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with http_server(Echo()) as server:
        assert _client(server.url).request("GET", "/direct").json() == {
            "path": "/direct", "query": {},
        }  # fmt: skip


def test_addresses_of_requests_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with http_server(Echo()) as server, caplog.at_level(logging.DEBUG):
        _client(server.url).request("GET", "/users", params={"access_token": "s3cret"})
    assert server.requests[0].query == {"access_token": "s3cret"}
    assert "s3cret" not in caplog.text


def test_a_client_that_waits_gives_up_in_time() -> None:
    with http_server(Echo()) as server:
        server.faults.append(Fault(is_silent=True))
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            _client(server.url, read_timeout_s=0.5).request("GET")
