"""The stand-ins of the ad platforms, held against the vendors' own clients."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from orchestration.activation.connectors import google_identifiers as google
from tests.destinations.audiences import audience_brand, audience_sync, leave, move, people
from tests.destinations.google_stand_in import EXPIRED, GoogleStandIn, canonical
from tests.destinations.http_server import Fault, Reply, Request, http_server
from tests.destinations.meta_stand_in import MetaStandIn
from tests.destinations.sdk.environment import run_sdk

ANNA = {
    "email": "Anna@Example.com",
    "phone": "+41 79 123 45 67",
    "first_name": "Anna",
    "last_name": "Muster",
    "country": "ch",
    "postal_code": "3011",
}


def test_googles_client_is_content_with_the_stand_in() -> None:
    """It adds, waits, reads counts and match rate, removes, and sees the errors it knows."""
    service = GoogleStandIn(looks_until_done=2)
    member = google.identifiers(ANNA)
    with http_server(service) as server:
        said = run_sdk(
            "google_client",
            {
                "url": server.url,
                "token": "token",
                "account": "123",
                "audience": "77",
                "member": member,
            },
        )
    assert len(member) == 3
    processing, done = (item["requestStatusPerDestination"][0] for item in said["added"])
    assert processing["requestStatus"] == "PROCESSING"
    assert done["requestStatus"] == "SUCCESS"
    assert done["audienceMembersIngestionStatus"]["userDataIngestionStatus"] == {
        "recordCount": "1",
        "userIdentifierCount": "3",
        "uploadMatchRateRange": "MATCH_RATE_RANGE_71_TO_80",
    }
    assert done["destination"]["operatingAccount"] == {
        "accountType": "GOOGLE_ADS",
        "accountId": "123",
    }
    (removed,) = said["removed"][1]["requestStatusPerDestination"]
    assert removed["audienceMembersRemovalStatus"]["userDataRemovalStatus"]["recordCount"] == "1"
    assert said["no_list"] == {
        "class": "BadRequest",
        "reason": "INVALID_ARGUMENT",
        "violations": ["INVALID_USER_LIST_ID"],
    }
    assert said["expired"] == {"class": "RefreshError"}
    assert [verb for verb, _ in service.bodies] == ["ingest", "remove"]
    (sent,) = service.bodies[0][1]["audienceMembers"]
    assert {canonical(item) for item in sent["userData"]["userIdentifiers"]} == {
        canonical(item) for item in member
    }
    assert service.members == set()


def test_metas_client_is_content_with_the_stand_in() -> None:
    """It adds (and normalises) people, removes one by external id, and sees the error codes."""
    service = MetaStandIn()
    people = [["p1", "Anna@Example.com", "+41 79 123-45-67"], ["p2", "bea@example.com", ""]]
    with http_server(service) as server:
        said = run_sdk(
            "meta_client",
            {"url": server.url, "token": "token", "audience": "99", "people": people[:1]},
        )
        assert service.members == {}
    assert said["added"] == {
        "audience_id": "99",
        "session_id": "7",
        "num_received": 1,
        "num_invalid_entries": 0,
        "invalid_entry_samples": {},
    }
    assert said["removed"]["num_received"] == 1
    assert said["no_audience"] == [400, 100, 1487301]
    assert said["expired"] == [401, 190, 463]
    call = service.calls[0]
    assert call["payload"]["data"] == [
        [
            "p1",
            hashlib.sha256(b"anna@example.com").hexdigest(),
            hashlib.sha256(b"41791234567").hexdigest(),
        ]
    ]
    assert call["session"] == {"session_id": 7, "batch_seq": 1, "last_batch_flag": True}
    assert [item["method"] for item in service.calls] == ["POST", "DELETE"]


def test_googles_types_read_all_that_passes_between_connector_and_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adding, changing, removing, failing in parts: no field is unknown, no value is lost."""
    service = GoogleStandIn(looks_until_done=2)
    with http_server(service) as server:
        brand = audience_brand(tmp_path, monkeypatch, google=server.url, login_account_id="9")
        people(brand, 3)
        brand.run(audience_sync("google"))
        leave(brand, 1)
        move(brand, 2, "moved@example.com")
        service.fails = lambda member: "PROCESSING_ERROR_REASON_NO_CONSENT"
        brand.run(audience_sync("google"))
    names = {"ingest": "IngestAudienceMembersRequest", "remove": "RemoveAudienceMembersRequest"}
    asked = [(names[verb], body) for verb, body in service.bodies]
    answered = [("RetrieveRequestStatusResponse", answer) for answer in service.results]
    assert {name for name, _ in asked} == set(names.values())
    assert any("errorInfo" in str(answer) for answer in service.results)
    read = run_sdk("google_client", {"parse": [*asked, *answered]})
    assert read == [body for _, body in [*asked, *answered]]


def test_a_service_account_gets_its_token_and_a_new_one_when_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key signs, the server gives tokens; the first one is refused in mid-run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    service = GoogleWithTokens(public_key=key.public_key(), tokens=set())
    with http_server(service) as server:
        file = tmp_path / "key.json"
        file.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "client_email": "crossweave@project.iam.gserviceaccount.com",
                    "private_key": pem.decode(),
                    "token_uri": f"{server.url}/token",
                }
            )
        )
        brand = audience_brand(
            tmp_path, monkeypatch, google=server.url, service_account_file=str(file)
        )
        monkeypatch.delenv("CROSSWEAVE_GOOGLE_ACCESS_TOKEN")
        people(brand, 2)
        # the token, then the first request is refused with it
        server.faults.extend([None, Fault(status=401, body=EXPIRED)])
        report = brand.run(audience_sync("google"))
    assert report.total.succeeded == 2
    assert service.granted == ["token-1", "token-2"]
    assert len(service.members) == 2


@dataclass
class GoogleWithTokens(GoogleStandIn):
    """The API, and beside it the server that changes a signed claim for a token (RFC 7523)."""

    public_key: rsa.RSAPublicKey | None = None
    granted: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        """A token, or a call."""
        if request.path != "/token":
            return super().answer(request)
        form = dict(parse_qsl(request.body.decode()))
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        signed, _, signature = form["assertion"].rpartition(".")
        assert self.public_key is not None
        self.public_key.verify(
            base64.urlsafe_b64decode(f"{signature}=="),
            signed.encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
        claim = json.loads(base64.urlsafe_b64decode(f"{signed.split('.')[1]}=="))
        assert claim["scope"] == "https://www.googleapis.com/auth/datamanager"
        self.granted.append(f"token-{len(self.granted) + 1}")
        self.tokens.add(self.granted[-1])
        return Reply(
            200, {"access_token": self.granted[-1], "expires_in": 3600, "token_type": "Bearer"}
        )
