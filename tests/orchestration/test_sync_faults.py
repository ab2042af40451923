"""The fault matrix: everything that can go wrong with HTTP, through a whole run, to a real server.

Ten people go out in two requests of five, one at a time. After every run the ledger is held against
what the server committed, row by row; then a healthy run follows, after which everybody must be
there exactly once, where that can be known.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.activation import SyncReport
from orchestration.activation.source import PlanError
from tests.destinations.http_server import Fault, Reply, Request
from tests.destinations.receipts import (
    assert_everything_arrived,
    assert_ledger_is_what_arrived,
)
from tests.destinations.till import Till, describe_till, ids, open_till, wait_for
from tests.destinations.webhook_receiver import Receiver


@dataclass(frozen=True)
class Case:
    """Faults of the first requests, and what the run must make of them.

    `outcomes`: succeeded, rejected, unknown, aborted; `there`: rows that the server has after the
    run; `requests` it has seen by then; `reason` of the rows that did not succeed.
    """

    name: str
    faults: Sequence[Fault | None]
    outcomes: tuple[int, int, int, int]
    there: int
    requests: int
    status: str = "succeeded"
    reason: str | None = None
    error: str | None = None
    waits: Sequence[float] = field(default=(1.0,))


LATER = {"Retry-After": "7"}
HALF = b'{"results": [{"id": "'
# A receiver that ignores ids it has seen, as the standard asks: what is in doubt is sent again.
REPEATED = [
    Case("429", [Fault(status=429)], (10, 0, 0, 0), 10, 3),
    Case("429 with Retry-After", [Fault(status=429, headers=LATER)], (10, 0, 0, 0), 10, 3,
         waits=[7.0]),
    Case("429 for good", [Fault(status=429)] * 4, (5, 5, 0, 0), 5, 5, "partial", "not_delivered",
         waits=[1.0, 2.0, 4.0]),
    Case("429, come back tomorrow", [None, Fault(status=429, headers={"Retry-After": "86400"})],
         (5, 0, 0, 5), 5, 2, "failed", None,
         "the destination asks to come back in 86400 s; run the sync later", waits=[]),
    Case("500 before commit", [Fault(status=500)], (10, 0, 0, 0), 10, 3),
    Case("500 after commit", [Fault(status=500, commits=True)], (10, 0, 0, 0), 10, 3),
    Case("500 for good", [Fault(status=500)] * 4, (5, 0, 5, 0), 5, 5, "partial", "http_500",
         waits=[1.0, 2.0, 4.0]),
    Case("500 for good, after commit", [Fault(status=500, commits=True)] * 4, (5, 0, 5, 0), 10, 5,
         "partial", "http_500", waits=[1.0, 2.0, 4.0]),
    Case("503 after commit, then 429", [Fault(status=503, commits=True), *[Fault(status=429)] * 3],
         (5, 0, 5, 0), 10, 5, "partial", "http_503", waits=[1.0, 2.0, 4.0]),
    Case("time-out before commit", [Fault(is_silent=True)], (10, 0, 0, 0), 10, 3),
    Case("time-out after commit", [Fault(is_silent=True, commits=True)], (10, 0, 0, 0), 10, 3),
    Case("reset before commit", [Fault(is_reset=True)], (10, 0, 0, 0), 10, 3),
    Case("reset after commit", [Fault(is_reset=True, commits=True)], (10, 0, 0, 0), 10, 3),
    Case("answer cut off", [Fault(is_cut=True, commits=True)], (10, 0, 0, 0), 10, 3),
    Case("truncated JSON", [Fault(is_truncated=True, commits=True)], (10, 0, 0, 0), 10, 3),
    Case("truncated JSON, nothing stored", [Fault(status=200, body=HALF)], (10, 0, 0, 0), 10, 3),
    Case("200 with a page", [Fault(status=200, body=b"<html>")], (10, 0, 0, 0), 10, 3),
    Case("200 with empty results", [Fault(status=200, body={"results": []})], (5, 0, 5, 0), 5, 2,
         "partial", "answer_incomplete", waits=[]),
    Case("200 with empty results, after commit",
         [Fault(status=200, body={"results": []}, commits=True)], (5, 0, 5, 0), 10, 2,
         "partial", "answer_incomplete", waits=[]),
    Case("credentials expire in mid-run", [None, Fault(status=401)], (5, 0, 0, 5), 5, 2, "failed",
         None, "DestinationDown: 401: credentials refused; renew them", waits=[]),
    Case("500 after commit, then credentials expire",
         [Fault(status=500, commits=True), Fault(status=401)], (0, 0, 5, 5), 5, 2, "failed",
         "http_500", "DestinationDown: 401: credentials refused; renew them"),
    Case("moved", [None, Fault(status=308, headers={"Location": "https://example.com/"})],
         (5, 0, 0, 5), 5, 2, "failed", None,
         "DestinationDown: 308: moved, and redirects are not followed; correct its url", waits=[]),
    Case("gone", [None, Fault(status=410)], (5, 0, 0, 5), 5, 2, "failed", None,
         "DestinationDown: 410: nothing accepts this request there; check its settings", waits=[]),
]  # fmt: skip

# A receiver that would take the same row twice: what may have arrived is never sent again.
NEVER_REPEATED = [
    Case("500 before commit", [Fault(status=500)], (5, 0, 5, 0), 5, 2, reason="http_500"),
    Case("500 after commit", [Fault(status=500, commits=True)], (5, 0, 5, 0), 10, 2,
         reason="http_500"),
    Case("time-out before commit", [Fault(is_silent=True)], (5, 0, 5, 0), 5, 2,
         reason="ReadTimeout"),
    Case("time-out after commit", [Fault(is_silent=True, commits=True)], (5, 0, 5, 0), 10, 2,
         reason="ReadTimeout"),
    Case("reset after commit", [Fault(is_reset=True, commits=True)], (5, 0, 5, 0), 10, 2,
         reason="ReadError"),
    Case("answer cut off", [Fault(is_cut=True, commits=True)], (5, 0, 5, 0), 10, 2,
         reason="RemoteProtocolError"),
    Case("truncated JSON", [Fault(is_truncated=True, commits=True)], (5, 0, 5, 0), 10, 2,
         reason="answer_unreadable"),
    Case("200 with empty results", [Fault(status=200, body={"results": []})], (5, 0, 5, 0), 5, 2,
         reason="answer_incomplete"),
]  # fmt: skip


def _outcomes(report: SyncReport) -> tuple[int, int, int, int]:
    total = report.total
    return total.succeeded, total.rejected, total.unknown, total.aborted


def _assert_case(till: Till, report: SyncReport, case: Case) -> None:
    report.assert_law()
    assert _outcomes(report) == case.outcomes
    assert (len(till.receiver.committed), len(till.server.requests)) == (case.there, case.requests)
    assert report.error == case.error
    assert_ledger_is_what_arrived(till.brand, till.receiver.committed)
    reasons = till.brand.rows(
        "select distinct reason from ops.activation_delivery_ledger where outcome <> 'succeeded'"
    )
    assert reasons == ([] if case.reason is None else [(case.reason,)])


@pytest.mark.parametrize("case", REPEATED, ids=lambda case: case.name)
def test_a_fault_is_outlived_where_the_receiver_ignores_what_it_knows(
    tmp_path: Path, case: Case
) -> None:
    with open_till(tmp_path, **wait_for(case.faults)) as till:
        report = till.run(*case.faults)
        _assert_case(till, report, case)
        assert (report.status, till.waits) == (case.status, list(case.waits))
        till.brand.clock += timedelta(days=2)
        healthy = till.run()
        assert healthy.total.planned == healthy.total.succeeded == 10 - case.outcomes[0]
        assert_everything_arrived(till.brand, till.receiver.committed)
        assert sorted(till.receiver.members) == ids(range(10))
        assert till.run().total.planned == 0


@pytest.mark.parametrize("case", NEVER_REPEATED, ids=lambda case: case.name)
def test_what_may_have_arrived_is_never_repeated_to_a_receiver_that_would_take_it_twice(
    tmp_path: Path, case: Case
) -> None:
    with open_till(tmp_path, ignores_known_ids=False, **wait_for(case.faults)) as till:
        report = till.run(*case.faults)
        _assert_case(till, report, case)
        assert (report.status, report.is_ok, till.waits) == ("partial", False, [])
        till.brand.clock += timedelta(days=2)
        later = till.run()
        assert (later.total.planned, later.in_doubt) == (0, 5)
        assert len(till.server.requests) == case.requests
        assert_ledger_is_what_arrived(till.brand, till.receiver.committed)


@pytest.mark.parametrize("status", [200, 207])
def test_a_row_that_is_refused_in_an_answer_of_success_is_rejected(
    tmp_path: Path, status: int
) -> None:
    with open_till(tmp_path) as till:
        till.receiver.partial_status = status
        till.receiver.judge = lambda data: (
            "card_unknown" if data["person_id"] in ("p0003", "p0008") else None
        )
        report = till.run()
        assert (report.status, _outcomes(report)) == ("partial", (8, 2, 0, 0))
        assert report.rejected_classes == {"card_unknown": 2}
        assert_ledger_is_what_arrived(till.brand, till.receiver.committed)
        assert till.run().waiting == 2
        till.receiver.judge = lambda data: None
        till.brand.clock += timedelta(minutes=6)
        assert till.run().total.succeeded == 2
        assert_everything_arrived(till.brand, till.receiver.committed)
        assert len(till.receiver.members) == 10


class Strict(Receiver):
    """A till that refuses a whole request for one bad row."""

    def answer(self, request: Request) -> Reply:
        if b"person7@" in request.body:
            return Reply(422, {"error": "person7@example.com is not one of ours"})
        return super().answer(request)


def test_the_bad_row_of_a_refused_request_is_found_and_all_others_arrive_once(
    tmp_path: Path,
) -> None:
    with open_till(tmp_path) as till:
        till.receiver = till.server.service = Strict()
        report = till.run()
        assert (_outcomes(report), report.rejected_classes) == ((9, 1, 0, 0), {"http_422": 1})
        assert till.receiver.arrived.total() == len(till.receiver.committed) == 9
        assert_ledger_is_what_arrived(till.brand, till.receiver.committed)
        assert till.brand.rows("select record_key, message from ops.activation_rejects") == [
            ("p0007", "422: refused")
        ]
        assert "person7" not in till.brand.everything_written() + str(report)


def test_where_nobody_listens_nothing_is_lost(tmp_path: Path) -> None:
    with open_till(tmp_path) as till, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        folder = till.brand.paths.tenant_folder
        describe_till(folder, f"http://127.0.0.1:{unused.getsockname()[1]}/hook")
        report = till.run()
        assert (report.status, _outcomes(report)) == ("partial", (0, 10, 0, 0))
        assert report.rejected_classes == {"not_delivered": 10}
        messages = till.brand.rows("select distinct message from ops.activation_rejects")
        assert messages == [("no connection (ConnectError)",)]
        describe_till(folder, f"{till.server.url}/hook")
        till.brand.clock += timedelta(minutes=6)
        assert till.run().total.succeeded == 10
        assert_everything_arrived(till.brand, till.receiver.committed)


def test_a_key_that_is_there_twice_stops_the_run_before_anything_is_sent(tmp_path: Path) -> None:
    with open_till(tmp_path) as till:
        till.brand.connection.execute(
            "insert into pii.people select * from pii.people where person_id = 'p0001'"
        )
        with pytest.raises(PlanError, match="1 rows whose person_id is there already"):
            till.run()
        assert (till.server.requests, till.receiver.committed) == ([], {})


def test_an_id_that_the_receiver_knows_takes_effect_once(tmp_path: Path) -> None:
    """The state was lost after delivery: all ids are sent again, and are known there."""
    with open_till(tmp_path) as till:
        till.run()
        for table in ("sync_state", "sync_rows", "sync_runs", "delivery_ledger", "rejects"):
            till.brand.connection.execute(f"delete from ops.activation_{table}")
        assert till.run().total.succeeded == 10
        assert (till.receiver.arrived.total(), till.receiver.committed.total()) == (20, 10)
        assert_everything_arrived(till.brand, till.receiver.committed)


def test_who_leaves_and_comes_back_with_the_same_data_is_delivered_again(tmp_path: Path) -> None:
    """A receiver that ignores ids it knows must not take the second time for the first."""
    with open_till(tmp_path) as till:
        till.run()
        row = till.brand.rows("select * from pii.people where person_id = 'p0003'")[0]
        till.brand.connection.execute("delete from pii.people where person_id = 'p0003'")
        till.run()
        assert "p0003" not in till.receiver.members
        till.brand.connection.execute("insert into pii.people values (?, ?, ?, ?, ?)", list(row))
        till.run()
        assert "p0003" in till.receiver.members
        assert_everything_arrived(till.brand, till.receiver.committed)
        assert len(till.receiver.committed) == 12


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("delete from pii.people", "nobody was removed of 10 records held"),
        ("delete from pii.people where person_id >= 'p0005'", "5 of 10 records would be removed"),
    ],
)
def test_a_source_that_shrinks_at_once_removes_nobody(
    tmp_path: Path, statement: str, words: str
) -> None:
    with open_till(tmp_path) as till:
        till.run()
        till.brand.connection.execute(statement)
        report = till.run(guards={})
        assert (report.status, report.total.aborted) == ("stopped", report.total.planned)
        assert words in (report.error or "")
        assert (len(till.server.requests), len(till.receiver.members)) == (2, 10)
        assert_everything_arrived(till.brand, till.receiver.committed)


def test_requests_side_by_side_keep_the_law_under_faults(tmp_path: Path) -> None:
    """Forty people, one per request, eight at a time; every third request meets a fault."""
    faults = [
        Fault(status=429), Fault(status=500, commits=True), Fault(is_reset=True, commits=True),
        Fault(status=503), Fault(is_silent=True, commits=True),
    ]  # fmt: skip
    script = [item for fault in faults for item in (None, None, fault)]
    settings = {"rows_per_request": 1, "parallel_requests": 8, **wait_for(script)}
    with open_till(tmp_path, persons=40, **settings) as till:
        report = till.run(*script, *script)
        assert (report.status, _outcomes(report)) == ("succeeded", (40, 0, 0, 0))
        assert_everything_arrived(till.brand, till.receiver.committed)
        assert len(till.server.requests) == 50


def test_a_run_without_its_secret_names_the_variable_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_till(tmp_path) as till:
        monkeypatch.setenv("CROSSWEAVE_TILL_SECRET", "whsec_c2hvcnQ=")
        with pytest.raises(ValueError, match="people: destination till: the secret of a webhook"):
            till.run()
        monkeypatch.delenv("CROSSWEAVE_TILL_SECRET")
        with pytest.raises(ValueError, match="set CROSSWEAVE_TILL_SECRET in the environment"):
            till.run()
        assert till.server.requests == []
