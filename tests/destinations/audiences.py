"""A brand with an audience at an ad platform's stand-in.

Belongs here: the configuration of the two destinations, persons who allow ads, and what the ledgers
say the platform holds. Does not belong here: expectations.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from orchestration.activation import SyncDefinition
from tests.syncs import Brand, definition, make_brand


def audience_brand(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    google: str = "",
    meta: str = "",
    **settings: object,
) -> Brand:
    """A brand whose destinations `google` and `meta` lie at these addresses."""
    brand = make_brand(folder)
    documents: dict[str, object] = {}
    if google:
        documents["google"] = {
            "connector": "google_audience",
            "settings": {
                "account_id": "123",
                "customer_match_terms_accepted": True,
                "base_url": f"{google}/v1",
                "first_look_s": 0.01,
                "look_again_s": 0.01,
                "longest_wait_s": 0.2,
                **settings,
            },
        }
        monkeypatch.setenv("CROSSWEAVE_GOOGLE_ACCESS_TOKEN", "token")
    if meta:
        documents["meta"] = {
            "connector": "meta_audience",
            "settings": {"base_url": meta, "requests_per_second": 10_000, **settings},
        }
        monkeypatch.setenv("CROSSWEAVE_META_ACCESS_TOKEN", "token")
    brand.paths.tenant_folder.mkdir(parents=True, exist_ok=True)
    (brand.paths.tenant_folder / "destinations.yml").write_text(yaml.safe_dump(documents))
    return brand


def expect_silence(brand: Brand) -> None:
    """From here on, a platform that does not answer is soon given up on."""
    path = brand.paths.tenant_folder / "destinations.yml"
    documents = yaml.safe_load(path.read_text())
    for document in documents.values():
        document["settings"]["read_timeout_s"] = 2
    path.write_text(yaml.safe_dump(documents))


def audience_sync(destination: str, **values: object) -> SyncDefinition:
    """A mirror of the brand's people to the audience."""
    audience = {"google": "77", "meta": "99"}[destination]
    options = {"audience_id": audience, **values.pop("options", {})}  # type: ignore[dict-item]
    return definition(destination=destination, channel="paid_social", options=options, **values)


def people(brand: Brand, count: int) -> None:
    """Persons 1 to `count`, each of whom allows ads for the one address."""
    for number in range(1, count + 1):
        person_id = brand.person(number, status=None)
        brand.consent(f"k{number:04d}", person_id, status="granted", channel="paid_social")


def leave(brand: Brand, number: int) -> None:
    """A person is in the payload model no more."""
    brand.connection.execute("delete from pii.people where person_id = ?", [f"p{number:04d}"])


def move(brand: Brand, number: int, email: str) -> None:
    """A person has another address, for which ads are allowed too."""
    brand.connection.execute(
        "update pii.people set email = ? where person_id = ?", [email, f"p{number:04d}"]
    )


def held(brand: Brand) -> set[str]:
    """Records that the ledger says the platform holds: the last word on each is no removal."""
    return {
        key
        for key, operation in brand.rows(
            """
            select record_key, max_by(operation, sequence)
            from ops.activation_delivery_ledger where outcome = 'succeeded' group by record_key
            """
        )
        if operation != "remove"
    }


def emails(brand: Brand) -> dict[str, str]:
    """The plain hash of everybody's address, by person: what a platform should hold."""
    return {
        person: hashlib.sha256(email.encode()).hexdigest()
        for person, email in brand.rows("select person_id, email from pii.people")
    }
