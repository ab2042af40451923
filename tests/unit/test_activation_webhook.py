"""The webhook destination: signatures, what a request looks like, what an answer per row means."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from standardwebhooks.webhooks import Webhook

from orchestration.activation.connectors.base import (
    BatchRefused,
    ConnectorContext,
    OutcomeUnknown,
    Record,
)
from orchestration.activation.connectors.webhook import (
    WebhookConnector,
    WebhookSettings,
    sign,
    signing_key,
)
from tests.destinations.http_server import Fault, http_server
from tests.destinations.webhook_receiver import SECRET, Receiver


def _connector(
    url: str, secrets: Mapping[str, str] | None = None, **settings: object
) -> WebhookConnector:
    return WebhookConnector(
        ConnectorContext(
            sync="tills",
            run_id="r1",
            key="person_id",
            fields=("person_id", "name"),
            outbox=Path(),
            settings=WebhookSettings.model_validate({"url": url, **settings}),
            secrets={
                name: SecretStr(value) for name, value in (secrets or {"secret": SECRET}).items()
            },
        )
    )


def _record(number: int, name: object = "Änne") -> Record:
    return Record("add", f"p{number}", f"key{number}", {"person_id": f"p{number}", "name": name})


def test_the_published_vector_is_signed_as_published() -> None:
    """Vector of the standard's own libraries (standardwebhooks, tests/test_webhooks.py)."""
    body = b'{"test": 2432232314}'
    signature = sign(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("length", [24, 32, 64])
def test_the_standards_own_library_signs_the_same(length: int) -> None:
    secret = f"whsec_{base64.b64encode(bytes(range(length))).decode()}"
    body = json.dumps({"name": "Änne 🎁"}, ensure_ascii=False)
    at = datetime(2026, 7, 1, 12, 0, 30, tzinfo=UTC)
    expected = Webhook(secret).sign("key1", at, body)
    assert sign(signing_key(secret), "key1", int(at.timestamp()), body.encode()) == expected


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!",
     f"whsec_{base64.b64encode(bytes(23)).decode()}",
     f"whsec_{base64.b64encode(bytes(65)).decode()}"],
)  # fmt: skip
def test_a_secret_of_another_shape_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as caught:
        signing_key(secret)
    assert len(secret) < 7 or secret not in str(caught.value)


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://localhost/", "example.com"])
def test_only_this_machine_is_reached_without_tls(url: str) -> None:
    with pytest.raises(ValidationError, match="https is needed"):
        WebhookSettings(url=url)


def test_only_this_machine_is_local() -> None:
    assert _connector("http://localhost:8000/hook").describe().is_local
    assert not _connector("https://till.example.com/hook").describe().is_local


def test_one_row_per_request_carries_its_key_and_stays_the_same_when_repeated() -> None:
    receiver = Receiver()
    with http_server(receiver) as server:
        connector = _connector(f"{server.url}/hook?shop=1")
        row = _record(1, {"points": Decimal("1.50"), "since": datetime(2026, 7, 1)})
        for _ in range(2):
            assert [result.outcome for result in connector.send([row])] == ["succeeded"]
    first, second = server.requests
    assert (first.path, first.query) == ("/hook", {"shop": "1"})
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "key1"
    assert first.body == second.body
    assert first.json()["type"] == "tills.add"
    assert first.json()["data"] == {
        "person_id": "p1", "name": {"points": "1.50", "since": "2026-07-01T00:00:00Z"},
    }  # fmt: skip
    assert (receiver.committed, receiver.arrived) == ({"key1": 1}, {"key1": 2})


def test_a_new_secret_may_be_brought_in_while_the_former_one_is_still_known() -> None:
    new = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
    for known in (SECRET, new):
        with http_server(Receiver(secret=known)) as server:
            connector = _connector(server.url, {"secret": new, "former_secret": SECRET})
            assert connector.send([_record(1)])[0].outcome == "succeeded"


def test_many_rows_per_request_have_an_answer_each_in_their_order() -> None:
    receiver = Receiver(judge=lambda data: "card_unknown" if data["person_id"] == "p2" else None)
    with http_server(receiver) as server:
        connector = _connector(server.url, rows_per_request=10)
        results = connector.send([_record(number) for number in (3, 2, 1)])
        again = connector.send([_record(number) for number in (3, 2, 1)])
    assert [(row.outcome, row.error_class) for row in results] == [
        ("succeeded", None), ("rejected", "card_unknown"), ("succeeded", None),
    ]  # fmt: skip
    assert [row.outcome for row in again] == [row.outcome for row in results]
    ids = {request.headers["webhook-id"] for request in server.requests}
    assert (len(ids), receiver.committed) == (1, {"key3": 1, "key1": 1})


ROW_ANSWERS: list[tuple[object, tuple[str, ...]]] = [
    ([], ("unknown", "unknown")),
    ([{"id": "key2", "status": "accepted"}], ("unknown", "succeeded")),
    ([{"id": "key2", "status": "accepted"}, {"id": "key1", "status": "duplicate"}],
     ("succeeded", "succeeded")),
    ([{"id": "key1", "status": "accepted"}, {"id": "key1", "status": "rejected"}],
     ("unknown", "unknown")),
    ([{"id": "key1", "status": "ok"}, {"id": "key2"}], ("unknown", "unknown")),
    ([{"status": "accepted"}, "key1", None], ("unknown", "unknown")),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "outcomes"), ROW_ANSWERS)
def test_a_row_has_succeeded_only_where_the_answer_says_so(
    rows: object, outcomes: tuple[str, ...]
) -> None:
    with http_server(Receiver()) as server:
        server.faults.append(Fault(status=200, body={"results": rows}))
        results = _connector(server.url, rows_per_request=10).send([_record(1), _record(2)])
    assert tuple(row.outcome for row in results) == outcomes


@pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"[]", b"{}", b'{"results": null}'])
def test_an_answer_without_rows_is_no_success(body: bytes) -> None:
    with http_server(Receiver()) as server:
        server.faults.append(Fault(status=200, body=body))
        connector = _connector(server.url, rows_per_request=10)
        with pytest.raises(OutcomeUnknown):
            connector.send([_record(1)])


def test_a_rejection_says_a_code_and_nothing_of_the_receivers_prose() -> None:
    row = {"id": "key1", "status": "rejected", "code": "call 0041791234567", "final": True,
           "message": "anna@example.com is not known"}  # fmt: skip
    with http_server(Receiver()) as server:
        server.faults.append(Fault(status=207, body={"results": [row]}))
        (result,) = _connector(server.url, rows_per_request=10).send([_record(1)])
    assert (result.error_class, result.is_terminal) == ("rejected", True)
    assert result.message == "rejected by the receiver"


def test_a_payload_of_20_kb_is_rejected_for_that_row_alone() -> None:
    receiver = Receiver()
    with http_server(receiver) as server:
        connector = _connector(server.url, rows_per_request=10)
        with pytest.raises(BatchRefused):
            connector.send([_record(1), _record(2, "x" * 20_000)])
        (result,) = connector.send([_record(2, "x" * 20_000)])
        frame = len(connector._batch([_record(1, "")]))
        (just,) = connector.send([_record(1, "x" * (20_000 - frame - 1))])
        (over,) = connector.send([_record(1, "x" * (20_000 - frame))])
    assert (result.outcome, result.error_class, result.is_terminal) == (
        "rejected", "payload_too_large", True,
    )  # fmt: skip
    assert (just.outcome, over.outcome) == ("succeeded", "rejected")
    assert [len(request.body) for request in server.requests] == [19_999]


def test_a_remove_takes_the_record_away_by_its_key() -> None:
    receiver = Receiver()
    with http_server(receiver) as server:
        connector = _connector(server.url)
        connector.send([_record(1), _record(2)][:1])
        assert receiver.members == {"p1": {"person_id": "p1", "name": "Änne"}}
        remove = Record("remove", "p1", "key1-gone", {"person_id": "p1"})
        assert [row.outcome for row in connector.send([remove])] == ["succeeded"]
    assert receiver.members == {}
    assert server.requests[1].json()["data"] == {"person_id": "p1"}
