"""`meta_audience` against the stand-in of Meta's Custom Audiences, through the whole send path.

After each run the audience is held against the ledger, to the row.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Generator
from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestration.activation.connectors.base import ConnectorContext
from orchestration.activation.connectors.meta_audience import CONNECTOR, MetaOptions, MetaSettings
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
from tests.destinations.http_server import Fault, Server, http_server
from tests.destinations.meta_stand_in import MetaStandIn, error
from tests.syncs import Brand

SECRET = SecretStr("token")
SYNC = audience_sync("meta", fields={"person_id": "person_id", "email": "email"})


@pytest.fixture
def server() -> Generator[Server]:
    """The stand-in, running."""
    with http_server(MetaStandIn()) as running:
        yield running


@pytest.fixture
def brand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Brand:
    """A brand with the audience, and six persons."""
    made = audience_brand(tmp_path, monkeypatch, meta=server.url)
    people(made, 6)
    return made


def service(server: Server) -> MetaStandIn:
    """What is behind the server."""
    assert isinstance(server.service, MetaStandIn)
    return server.service


def assert_audience_is_ledger(brand: Brand, server: Server) -> None:
    """To the row: persons, and the hash of the address that each has now."""
    hashes = emails(brand)
    assert service(server).members == {key: [{"EMAIL": hashes[key]}] for key in held(brand)}


def fault(code: int, subcode: int | None = None, *, status: int = 400, text: str = "no") -> Fault:
    """An error of the Graph API in place of the answer; nothing was taken."""
    return Fault(status=status, body=error(code, text, subcode).body)


def test_an_audience_is_filled_changed_and_emptied(brand: Brand, server: Server) -> None:
    """Who leaves is removed by key; who moves is there with the new address alone."""
    report = brand.run(SYNC)
    assert (report.status, report.total.succeeded) == ("succeeded", 6)
    assert_audience_is_ledger(brand, server)
    leave(brand, 1)
    move(brand, 2, "moved@example.com")
    report = brand.run(SYNC)
    assert (report.operations["remove"].succeeded, report.operations["change"].succeeded) == (1, 1)
    assert_audience_is_ledger(brand, server)
    assert len(held(brand)) == 5
    assert brand.run(SYNC).total.planned == 0


def test_a_request_says_what_the_contract_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """Schema and rows, a session, a proof of the app; nothing in clear, no token in an address."""
    brand = audience_brand(tmp_path, monkeypatch, meta=server.url)
    monkeypatch.setenv("CROSSWEAVE_META_APP_SECRET", "secret of the app")
    service(server).app_secret = "secret of the app"
    people(brand, 2)
    document = audience_sync("meta", options={"limited_data_use": True})
    assert brand.run(document).total.succeeded == 2
    (call,) = service(server).calls
    assert call["payload"]["schema"] == [
        "EXTERN_ID",
        "EMAIL",
        "FN",
        "CT",
        "DATA_PROCESSING_OPTIONS",
    ]
    anna, bern = (hashlib.sha256(text).hexdigest() for text in (b"anna", b"bern"))
    assert call["payload"]["data"][0] == ["p0001", emails(brand)["p0001"], anna, bern, ["LDU"]]
    assert call["session"]["last_batch_flag"] is True
    assert call["session"]["estimated_num_total"] == 2
    (request,) = server.requests
    assert request.path == "/v25.0/99/users"
    assert request.query == {}
    assert b"example.com" not in request.body
    proof = hmac.new(b"secret of the app", b"token", hashlib.sha256).hexdigest()
    assert f"appsecret_proof={proof}".encode() in request.body
    assert "person1@example.com" not in brand.everything_written()


def test_batches_stay_below_the_size_of_a_payload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """300 rows of three hashes are more than 60 kB: several requests, each of them short enough."""
    brand = audience_brand(tmp_path, monkeypatch, meta=server.url)
    people(brand, 300)
    assert brand.run(audience_sync("meta")).total.succeeded == 300
    sizes = [len(call["payload"]["data"]) for call in service(server).calls]
    assert sum(sizes) == 300
    assert len(sizes) > 1
    assert max(len(str(call["payload"])) for call in service(server).calls) < 61_000
    assert set(service(server).members) == held(brand)


def test_a_removal_that_a_small_audience_refuses_is_a_state_of_the_row(
    brand: Brand, server: Server
) -> None:
    """The run goes on, the row is parked, and the ledger goes on saying that Meta holds it."""
    brand.run(SYNC)
    service(server).floor = 6
    leave(brand, 1)
    brand.person(7, status=None)
    brand.consent("k0007", "p0007", status="granted", channel="paid_social")
    report = brand.run(SYNC)
    assert report.status == "partial"
    assert report.rejected_classes == {"remove_refused": 1}
    assert report.operations["add"].succeeded == 1
    assert "p0001" in held(brand)
    assert set(service(server).members) == held(brand)
    assert brand.run(SYNC).waiting == 1  # not asked again and again


# --- faults ---------------------------------------------------------------------------------------

FAULTS = {
    "429": Fault(status=429, headers={"retry-after": "1"}),
    "too many calls, as 400": fault(80003),
    "too many calls of the app, as 403": fault(4, status=403),
    "transient, as 500": fault(2, status=500),
    "500 before commit": Fault(status=500),
    "500 after commit": Fault(status=500, commits=True),
    "time-out before commit": Fault(is_silent=True),
    "time-out after commit": Fault(is_silent=True, commits=True),
    "reset before commit": Fault(is_reset=True),
    "reset after commit": Fault(is_reset=True, commits=True),
    "truncated JSON": Fault(is_truncated=True, commits=True),
    "200 with empty results": Fault(status=200, body={}),
    "200 for another audience": Fault(
        status=200, body={"audience_id": "98", "num_received": 6, "num_invalid_entries": 0}
    ),
}


@pytest.mark.parametrize("what", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_loses_nobody(brand: Brand, server: Server, what: Fault) -> None:
    """Every request may be sent twice, so all are there in the end, in one run."""
    server.faults.append(what)
    if what.is_silent:
        expect_silence(brand)
    report = brand.run(SYNC)
    assert (report.status, report.total.succeeded) == ("succeeded", 6)
    assert_audience_is_ledger(brand, server)


def test_a_silent_2xx_is_never_taken_for_success(brand: Brand, server: Server) -> None:
    """Four times 200 without a count: nobody knows, the next run sends again."""
    server.faults.extend([Fault(status=200, body={"audience_id": "99"})] * 4)
    assert brand.run(SYNC).total.unknown == 6
    assert held(brand) == set()
    assert brand.run(SYNC).total.succeeded == 6
    assert_audience_is_ledger(brand, server)


@pytest.mark.parametrize("number", [1, 4, 6])
def test_an_invalid_row_is_rejected_alone(brand: Brand, server: Server, number: int) -> None:
    """200 with a count of invalid rows: halved until the bad row is alone."""
    service(server).is_invalid = lambda row: row["EXTERN_ID"] == f"p{number:04d}"
    report = brand.run(SYNC)
    assert report.rejected_classes == {"invalid_entry": 1}
    assert report.total.succeeded == 5
    assert_audience_is_ledger(brand, server)


def test_without_halving_nobody_knows_who_was_invalid(brand: Brand, server: Server) -> None:
    """Five arrived and one did not: `rejected` would be a lie about five rows."""
    service(server).is_invalid = lambda row: row["EXTERN_ID"] == "p0004"
    whole = SYNC.model_copy(
        update={"on_reject": SYNC.on_reject.model_copy(update={"split_batch": False})}
    )
    report = brand.run(whole)
    assert (report.total.unknown, report.total.rejected) == (6, 0)
    leave(brand, 2)  # who left in the meantime is removed, though nobody knows that he is there
    service(server).is_invalid = lambda row: False
    brand.run(whole)
    assert_audience_is_ledger(brand, server)


def test_a_token_that_expires_in_mid_run_ends_it_and_loses_nobody(
    brand: Brand, server: Server
) -> None:
    """The removal went, the add did not: aborted, and sent by the next run."""
    brand.run(SYNC)
    leave(brand, 1)
    brand.person(7, status=None)
    brand.consent("k0007", "p0007", status="granted", channel="paid_social")
    server.faults.extend([None, fault(190, 463, status=401)])
    report = brand.run(SYNC)
    assert report.status == "failed"
    assert "code 190/463" in str(report.error)
    assert (report.operations["remove"].succeeded, report.operations["add"].aborted) == (1, 1)
    assert_audience_is_ledger(brand, server)
    brand.run(SYNC)
    assert "p0007" in held(brand)
    assert_audience_is_ledger(brand, server)


@pytest.mark.parametrize(
    ("code", "subcode"), [(100, 1713230), (100, 1487301), (1487301, None), (294, None), (190, None)]
)
def test_an_audience_that_cannot_be_used_ends_the_run(
    brand: Brand, server: Server, code: int, subcode: int | None
) -> None:
    """Blocked (1713230), gone (1487301), no permission (294), no token (190): nothing is split."""
    server.faults.append(fault(code, subcode))
    report = brand.run(SYNC)
    assert report.status == "failed"
    assert report.total.aborted == 6
    assert len(server.requests) == 1


def test_a_person_without_a_usable_key_costs_nobody_else(brand: Brand, server: Server) -> None:
    """The row is rejected for good, until its data changes; the batch goes."""
    move(brand, 5, "no address at all")
    report = brand.run(SYNC)
    assert report.rejected_classes == {"no_identifiers": 1}
    assert report.total.succeeded == 5
    assert_audience_is_ledger(brand, server)


def test_an_erased_person_is_removed_by_key(brand: Brand, server: Server) -> None:
    """The audience knows each record by its key, so nothing else of the person is needed."""
    brand.run(SYNC)
    leave(brand, 4)
    brand.connection.execute(
        "insert into ops.erasures (erasure_id, identifier_key, person_id, erased_at) "
        "values ('e1', 'k0004', 'p0004', timestamp '2026-07-01')"
    )
    report = brand.run(SYNC.model_copy(update={"mode": "upsert"}))
    assert report.operations["remove"].succeeded == 1
    assert_audience_is_ledger(brand, server)
    assert "p0004" not in service(server).members


def test_a_sync_without_a_field_that_meta_can_match_says_so(brand: Brand) -> None:
    """Else it would send rows of nothing but keys."""
    with pytest.raises(ValueError, match="no field that Meta can match"):
        brand.run(audience_sync("meta", fields={"person_id": "person_id"}))


def test_published_limits() -> None:
    """Meta's reference of custom-audience/users, v25.0, 2026: at most 10,000 rows a request."""
    settings = MetaSettings(max_payload_bytes=100_000_000)
    context = ConnectorContext(
        sync="s",
        run_id="r",
        key="person_id",
        fields=("person_id", "email"),
        outbox=Path(),
        settings=settings,
        options=MetaOptions(audience_id="99"),
        secrets={"access_token": SECRET},
    )
    assert CONNECTOR.open(context).describe().batch_size == 10_000
