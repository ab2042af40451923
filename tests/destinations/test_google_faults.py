"""`google_audience` when something goes wrong: with the request, at Google, or with the run itself.

After each run the list is held against the ledger, to the row.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.activation.connectors import google_audience
from orchestration.activation.connectors.base import Record, RowResult
from tests.destinations.audiences import (
    audience_brand,
    audience_sync,
    emails,
    expect_silence,
    held,
    leave,
    move,
    people,
)
from tests.destinations.google_list import SYNC, assert_list_is_ledger, listed, service
from tests.destinations.google_stand_in import EXHAUSTED, EXPIRED, GoogleStandIn
from tests.destinations.http_server import Fault, Server, http_server
from tests.syncs import Brand


@pytest.fixture
def server() -> Generator[Server]:
    """The stand-in, running."""
    with http_server(GoogleStandIn()) as running:
        yield running


@pytest.fixture
def brand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Brand:
    """A brand with the list, and six persons."""
    made = audience_brand(tmp_path, monkeypatch, google=server.url)
    people(made, 6)
    return made


FAULTS = {
    "429": Fault(status=429, body=EXHAUSTED),
    "429 with Retry-After": Fault(status=429, body=EXHAUSTED, headers={"retry-after": "3"}),
    "500 before commit": Fault(status=500),
    "500 after commit": Fault(status=500, commits=True),
    "time-out before commit": Fault(is_silent=True),
    "time-out after commit": Fault(is_silent=True, commits=True),
    "reset before commit": Fault(is_reset=True),
    "reset after commit": Fault(is_reset=True, commits=True),
    "truncated JSON": Fault(is_truncated=True, commits=True),
    "200 with empty results": Fault(status=200, body={}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_loses_nobody(brand: Brand, server: Server, fault: Fault) -> None:
    """Every request may be sent twice, so all are there in the end, in one run."""
    server.faults.append(fault)
    if fault.is_silent:
        expect_silence(brand)
    report = brand.run(SYNC)
    assert (report.status, report.total.succeeded) == ("succeeded", 6)
    assert_list_is_ledger(brand, server, emails(brand))


def test_a_look_that_fails_is_repeated(brand: Brand, server: Server) -> None:
    """The request was taken; only the look at its result went wrong."""
    server.faults.extend([None, Fault(status=503), Fault(status=429, body=EXHAUSTED)])
    assert brand.run(SYNC).total.succeeded == 6
    assert len(service(server).bodies) == 1


def test_a_request_that_fails_in_parts_is_unknown_and_sent_again(
    brand: Brand, server: Server
) -> None:
    """Google counts failures and names nobody: no row is called delivered that may not be."""
    wrong = emails(brand)["p0005"]
    service(server).fails = lambda member: (
        "PROCESSING_ERROR_REASON_INTERNAL_ERROR" if member[0]["emailAddress"] == wrong else None
    )
    report = brand.run(SYNC)
    assert (report.total.unknown, report.total.succeeded) == (6, 0)
    assert report.figures["error: internal_error"] == 1
    assert held(brand) == set()
    service(server).fails = lambda member: None
    assert brand.run(SYNC).total.succeeded == 6
    assert_list_is_ledger(brand, server, emails(brand))


def test_who_was_sent_in_doubt_and_left_is_removed(brand: Brand, server: Server) -> None:
    """No state says that p0006 is there; without its handle the person would stay for ever."""
    hashes = emails(brand)
    service(server).looks_until_done = 10**9
    service(server).members.update(listed(hashes, {"p0006"}))
    report = brand.run(SYNC)
    assert (report.total.unknown, set(report.rejected_classes)) == (6, set())
    service(server).looks_until_done = 1
    leave(brand, 6)
    report = brand.run(SYNC)
    assert (report.operations["remove"].succeeded, report.operations["add"].succeeded) == (1, 5)
    assert service(server).members == listed(hashes, held(brand))


def test_a_request_that_fails_whole_is_rejected_with_its_reason(
    brand: Brand, server: Server
) -> None:
    """FAILED: nobody was added; they come back when they are due."""
    service(server).fails = lambda member: "PROCESSING_ERROR_REASON_NO_CONSENT"
    report = brand.run(SYNC)
    assert report.rejected_classes == {"no_consent": 6}
    assert_list_is_ledger(brand, server, emails(brand))
    assert brand.rows("select count(*) from ops.activation_handles") == [(0,)]


def test_a_member_that_google_names_is_rejected_alone(brand: Brand, server: Server) -> None:
    """400 with the place of the member: the others go in the next request, without halving."""
    wrong = emails(brand)["p0002"]
    service(server).refuses = lambda member: (
        "INVALID_AUDIENCE_MEMBER" if member[0]["emailAddress"] == wrong else None
    )
    report = brand.run(SYNC)
    assert report.rejected_classes == {"invalid_audience_member": 1}
    assert report.total.succeeded == 5
    assert len(service(server).bodies) == 1
    assert_list_is_ledger(brand, server, emails(brand))


def test_a_person_without_a_usable_identifier_costs_nobody_else(
    brand: Brand, server: Server
) -> None:
    """The row is rejected for good, until its data changes; the batch goes."""
    move(brand, 5, "no address at all")
    report = brand.run(SYNC)
    assert report.rejected_classes == {"no_identifiers": 1}
    assert report.total.succeeded == 5
    assert brand.run(SYNC).total.planned == 0
    move(brand, 5, "five@example.com")
    assert brand.run(SYNC).total.succeeded == 1
    assert_list_is_ledger(brand, server, emails(brand))


def test_a_token_that_expires_in_mid_run_ends_it_and_loses_nobody(
    brand: Brand, server: Server
) -> None:
    """The removals went, the adds did not: aborted, and sent by the next run."""
    brand.run(SYNC)
    leave(brand, 1)
    people_later = {"p0007", "p0008"}
    for number in (7, 8):
        brand.person(number, status=None)
        brand.consent(f"k{number:04d}", f"p{number:04d}", status="granted", channel="paid_social")
    # remove, its result; then the token is refused, also when asked for once more
    server.faults.extend([None, None, Fault(status=401, body=EXPIRED), Fault(401, body=EXPIRED)])
    report = brand.run(SYNC)
    assert report.status == "failed"
    assert "401" in str(report.error)
    assert (report.operations["remove"].succeeded, report.operations["add"].aborted) == (1, 2)
    assert_list_is_ledger(brand, server, emails(brand))
    brand.run(SYNC)
    assert people_later <= held(brand)
    assert_list_is_ledger(brand, server, emails(brand))


def test_a_list_that_does_not_exist_ends_the_run(brand: Brand, server: Server) -> None:
    """No smaller batch helps: nothing is split, the reason is Google's."""
    report = brand.run(audience_sync("google", options={"audience_id": "1"}))
    assert report.status == "failed"
    assert "INVALID_USER_LIST_ID" in str(report.error)
    assert report.total.aborted == 6
    assert len(server.requests) == 1


def test_requests_are_waited_for_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """Google wants half an hour before the first look: five requests wait once, not five times."""
    monkeypatch.setattr(google_audience, "MAX_MEMBERS", 2)
    brand = audience_brand(
        tmp_path, monkeypatch, google=server.url, first_look_s=1.0, longest_wait_s=9.0
    )
    people(brand, 9)
    together = threading.Barrier(5, timeout=60)  # breaks unless five wait at once
    monkeypatch.setattr(google_audience, "time", SimpleNamespace(sleep=lambda _: together.wait()))
    report = brand.run(SYNC)
    assert (report.total.succeeded, report.figures["requests"]) == (9, 5)
    assert len(service(server).bodies) == 5
    assert_list_is_ledger(brand, server, emails(brand))


def test_a_killed_run_leaves_nobody_on_the_list_unseen(brand: Brand, server: Server) -> None:
    """All were sent when the run died; one has left since, and another has a new address."""

    class Killed(google_audience.GoogleAudience):
        def send(self, batch: Sequence[Record]) -> list[RowResult]:
            super().send(batch)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        brand.run(SYNC, open_destination=lambda name, context: Killed(context))
    assert len(service(server).members) == 6
    assert held(brand) == set()
    leave(brand, 1)
    move(brand, 2, "moved@example.com")
    report = brand.run(SYNC)
    assert (report.operations["remove"].succeeded, report.operations["add"].succeeded) == (1, 5)
    assert_list_is_ledger(brand, server, emails(brand))
