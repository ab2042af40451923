"""Who is told what of a sync: real servers, one message per change."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from orchestration.activation.alerts import last_runs, tell
from orchestration.activation.connectors.base import DestinationDown, Record, RowResult
from orchestration.housekeeping_settings import AlertEmail, Alerts, AlertWebhook
from tests.destinations.http_server import Fault, Reply, Request, Server, http_server
from tests.destinations.webhook_receiver import SECRET
from tests.smtp_server import smtp_server
from tests.syncs import Brand, ScriptedDestination, definition, make_brand


class Inbox:
    """Takes every message."""

    def answer(self, request: Request) -> Reply:
        return Reply(204)


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    """A brand with one person."""
    brand = make_brand(tmp_path)
    brand.person(1)
    return brand


@pytest.fixture
def server() -> Generator[Server]:
    """Where the webhook points to."""
    with http_server(Inbox()) as server:
        yield server


class Duty:
    """Looks again and again, and remembers between the looks what was told, as the sensor does."""

    def __init__(self, brand: Brand, alerts: Alerts) -> None:
        self.brand, self.alerts = brand, alerts
        self.told: Mapping[str, Mapping[str, str]] = {}

    def look(self) -> list[str]:
        """One look; what failed."""
        runs = last_runs(self.brand.connection)
        self.told, failures = tell(self.alerts, runs, self.told, paths=self.brand.paths)
        return failures


def _down(batch: object) -> None:
    raise DestinationDown("401")


def _changes(server: Server) -> list[tuple[str, str]]:
    data = [request.json()["data"] for request in server.requests]
    return [(item["before"], item["state"]) for item in data]


def test_one_message_per_change_and_none_per_run(brand: Brand, server: Server) -> None:
    duty = Duty(brand, Alerts(webhook=AlertWebhook(url=server.url)))
    destination = ScriptedDestination()
    brand.run(open_destination=destination.open)
    assert duty.look() == []
    assert server.requests == []  # it works: nobody asked
    brand.person(2)
    destination.before = _down
    for _ in range(2):
        brand.run(open_destination=destination.open)
        duty.look()
        duty.look()
    assert _changes(server) == [("ok", "failed")]
    destination.before = lambda batch: None
    destination.answer = lambda record: RowResult("rejected")
    brand.run(open_destination=destination.open)
    duty.look()
    brand.run(definition(guards={"min_source_rows": 9}), open_destination=destination.open)
    duty.look()
    destination.answer = lambda record: RowResult("succeeded")
    brand.clock = brand.clock.replace(hour=15)
    brand.run(open_destination=destination.open)
    duty.look()
    assert _changes(server) == [
        ("ok", "failed"), ("failed", "partial"), ("partial", "stopped"), ("stopped", "ok"),
    ]  # fmt: skip


def test_a_message_says_what_happened_and_to_nobody_in_particular(
    brand: Brand, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSWEAVE_ALERTS_WEBHOOK_SECRET", SECRET)

    def quote(record: Record) -> RowResult:
        return RowResult("rejected", message=f"no mailbox {record.payload['email']}")

    brand.run(run_id="r1", open_destination=ScriptedDestination(answer=quote).open)
    Duty(brand, Alerts(webhook=AlertWebhook(url=server.url))).look()
    request = server.requests[0]
    message = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert message["type"] == "sync.status_changed"
    data = message["data"]
    assert (data["sync"], data["run_id"], data["state"]) == ("people", "r1", "partial")
    assert (data["tenant"], data["env"]) == ("test", "dev")
    assert (data["planned"], data["rejected"], data["succeeded"]) == (1, 1, 0)
    assert b"example.com" not in request.body
    assert b"p0001" not in request.body


def test_a_channel_that_does_not_answer_is_told_again_under_the_same_id(
    brand: Brand, server: Server
) -> None:
    duty = Duty(brand, Alerts(webhook=AlertWebhook(url=server.url)))
    brand.run(open_destination=ScriptedDestination(before=_down).open)
    server.faults.append(Fault(status=500, commits=True))
    assert duty.look() == ["webhook: status 500"]
    assert duty.look() == []
    assert duty.look() == []
    first, second = (request.headers["webhook-id"] for request in server.requests)
    assert first == second


def test_a_run_that_is_under_way_says_nothing_yet(brand: Brand, server: Server) -> None:
    duty = Duty(brand, Alerts(webhook=AlertWebhook(url=server.url)))

    def look(batch: object) -> None:
        duty.look()

    brand.run(open_destination=ScriptedDestination(before=look).open)
    assert server.requests == []


def test_by_mail_too_and_one_channel_does_not_wait_for_the_other(
    brand: Brand, server: Server
) -> None:
    with smtp_server() as post:
        alerts = Alerts(
            webhook=AlertWebhook(url="http://127.0.0.1:1"),
            email=AlertEmail(
                host="127.0.0.1", port=post.port, starttls=False,
                sender="crossweave@example.com", to=["duty@example.com"],
            ),
        )  # fmt: skip
        duty = Duty(brand, alerts)
        brand.run(open_destination=ScriptedDestination(before=_down).open)
        assert duty.look() == ["webhook: ConnectError"]
        assert duty.look() == ["webhook: ConnectError"]
        assert post.arrived == {"duty@example.com": 1}
        mail = post.received[0].mail
        assert mail["Subject"] == "test (dev): people is failed, was ok"
        body = mail.get_body()
        assert body is not None
        text = body.get_content()
        assert "aborted: 1" in text
        assert "person1" not in text
