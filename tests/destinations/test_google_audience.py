"""`google_audience` against the stand-in of Google's Data Manager API, through the whole send path.

After each run the list is held against the ledger, to the row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.activation.connectors import google_audience, google_identifiers
from tests.destinations.audiences import (
    audience_brand,
    audience_sync,
    emails,
    held,
    leave,
    move,
    people,
)
from tests.destinations.google_list import SYNC, assert_list_is_ledger, service
from tests.destinations.google_stand_in import GoogleStandIn, canonical
from tests.destinations.http_server import Server, http_server
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


def test_a_list_is_filled_changed_and_emptied(brand: Brand, server: Server) -> None:
    """Add six; one leaves, one moves; the former address is gone, and so is who left."""
    report = brand.run(SYNC)
    assert (report.status, report.total.succeeded) == ("succeeded", 6)
    assert report.figures == {"match_rate": "71 to 80", "requests": 1}
    assert report.counts["destination: match_rate"] == "71 to 80"
    before = emails(brand)
    assert_list_is_ledger(brand, server, before)
    leave(brand, 1)
    move(brand, 2, "moved.house+ads@gmail.com")
    report = brand.run(SYNC)
    assert (report.operations["remove"].succeeded, report.operations["change"].succeeded) == (1, 1)
    after = {**emails(brand), "p0002": hashlib.sha256(b"movedhouse@gmail.com").hexdigest()}
    assert held(brand) == {"p0002", "p0003", "p0004", "p0005", "p0006"}
    assert_list_is_ledger(brand, server, after)
    for number in range(2, 7):
        leave(brand, number)
    brand.person(9, status="granted")  # a model that is empty removes nobody
    brand.run(SYNC)
    assert service(server).members == set()
    assert brand.rows("select count(*) from ops.activation_handles") == [(0,)]


def test_a_request_says_what_the_contract_asks(brand: Brand, server: Server) -> None:
    """Destination, encoding, terms, consent; one member per person; nothing in clear."""
    brand.run(SYNC)
    ((verb, body),) = service(server).bodies
    assert verb == "ingest"
    assert body["destinations"] == [
        {
            "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "123"},
            "productDestinationId": "77",
        }
    ]
    assert body["encoding"] == "HEX"
    assert body["termsOfService"] == {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
    assert body["consent"] == {
        "adUserData": "CONSENT_GRANTED",
        "adPersonalization": "CONSENT_GRANTED",
    }
    assert len(body["audienceMembers"]) == 6
    assert "@" not in json.dumps(body)
    assert "person1@example.com" not in brand.everything_written()


def test_an_identifier_that_another_member_has_stays(brand: Brand, server: Server) -> None:
    """Two spellings of one Gmail address are two persons here and one member at Google."""
    move(brand, 1, "a.b@gmail.com")
    move(brand, 2, "ab+news@gmail.com")
    brand.run(SYNC)
    both = hashlib.sha256(b"ab@gmail.com").hexdigest()
    assert len(service(server).members) == 5
    leave(brand, 1)
    report = brand.run(SYNC)
    assert report.operations["remove"].succeeded == 1
    assert canonical({"emailAddress": both}) in service(server).members
    # now both have left, in one run
    brand.run(SYNC)
    person = brand.person(7, status=None)
    brand.consent("k0007", person, status="granted", channel="paid_social")
    move(brand, 7, "a.b@gmail.com")
    brand.run(SYNC)
    leave(brand, 2)
    leave(brand, 7)
    assert brand.run(SYNC).operations["remove"].succeeded == 2
    assert canonical({"emailAddress": both}) not in service(server).members
    assert_list_is_ledger(brand, server, emails(brand))


def test_who_opts_out_leaves_the_list(brand: Brand, server: Server) -> None:
    """The gate blocks a refresh without consent; the removal needs the former identifiers."""
    brand.run(SYNC)
    brand.consent("k0003", "p0003", status="withdrawn", channel="paid_social", day=20)
    assert brand.run(SYNC).total.planned == 0  # still in the model: the model decides who leaves
    leave(brand, 3)
    brand.run(SYNC)
    assert_list_is_ledger(brand, server, emails(brand))
    assert "p0003" not in held(brand)


def test_an_erased_person_is_removed_by_what_was_sent(brand: Brand, server: Server) -> None:
    """Nothing of the person is left in the warehouse; the handle is, until the removal is done."""
    brand.run(SYNC)
    leave(brand, 4)
    brand.connection.execute(
        """
        insert into ops.erasures (erasure_id, identifier_key, person_id, erased_at)
        values ('e1', 'k0004', 'p0004', timestamp '2026-07-01')
        """
    )
    report = brand.run(audience_sync("google", mode="upsert"))
    assert report.operations["remove"].succeeded == 1
    assert_list_is_ledger(brand, server, emails(brand))
    assert brand.rows("select count(*) from ops.activation_handles where record_key = 'p0004'") == [
        (0,)
    ]


def test_a_member_is_affirmed_before_it_expires(brand: Brand, server: Server) -> None:
    """Google forgets a member after 540 days; `refresh_after_days` sends it again before."""
    document = audience_sync("google", refresh_after_days=180)
    brand.run(document)
    brand.clock = brand.clock.replace(year=2027)
    report = brand.run(document)
    assert report.operations["refresh"].succeeded == 6
    assert [verb for verb, _ in service(server).bodies] == ["ingest", "ingest"]
    assert_list_is_ledger(brand, server, emails(brand))


def test_published_limits() -> None:
    """developers.google.com/data-manager/api/devguides/limits, 2026: 10,000 members a request, ten
    identifiers a member, 300 requests a minute."""
    assert google_audience.MAX_MEMBERS == 10_000
    assert google_audience.REQUESTS_PER_SECOND * 60 <= 300
    assert google_identifiers.MAX_IDENTIFIERS == 10


def test_terms_must_be_accepted_before_anything_goes() -> None:
    """Google refuses every request of an account that did not."""
    with pytest.raises(ValidationError, match="accept the Customer Match terms"):
        google_audience.GoogleSettings(account_id="1", customer_match_terms_accepted=False)


def test_outside_prod_only_this_machine_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of the real API is not local: the gate blocks every row."""
    brand = audience_brand(tmp_path, monkeypatch, google="https://datamanager.googleapis.com")
    people(brand, 2)
    report = brand.run(SYNC)
    assert report.blocked_reasons == {"environment": 2}
