"""Consent by address and by person, and suppressions; every expectation worked by hand.

Home country of the tenant is CH (opt-in, direct mail opt-out). One landing, one dbt run.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)
# this brand asks before it shows advertising by e-mail address in the US
BRAND_RULE = {
    "country_code": "US",
    "jurisdiction": "house_rule",
    "channel": "email",
    "purpose": "ads",
    "consent_model": "opt_in",
}


def day(number: int) -> datetime:
    """Noon of a day of June 2026."""
    return datetime(2026, 6, number, 12)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> CanonicalWarehouse:
    folder: Path = tmp_path_factory.mktemp("consent") / "tenant"
    warehouse = CanonicalWarehouse(
        folder,
        as_of=AS_OF,
        feature_cutoff_count=1,
        overrides={"jurisdictions": [BRAND_RULE]},
    )
    added = iter(range(1000))

    def record(name: str, at: datetime, **identifiers: str) -> None:
        for kind, value in identifiers.items():
            warehouse.add(
                "identifiers",
                source="test",
                record_id=name,
                identifier_type=kind,
                identifier_value=value,
                observed_at=at,
                loaded_at=at + timedelta(hours=1),
                is_authenticated=kind == "customer_id",
            )

    def consent(
        name: str, at: datetime, status: str, channel: str, purpose: str = "marketing"
    ) -> None:
        warehouse.add(
            "consents",
            source="test",
            record_id=name,
            occurred_at=at,
            loaded_at=at + timedelta(hours=1),
            channel=channel,
            purpose=purpose,
            status=status,
        )

    def touch(interaction: str, at: datetime, channel: str, **identifiers: str) -> None:
        name = f"touch-{next(added)}"
        record(name, at, **identifiers)
        warehouse.add(
            "touchpoints",
            source="test",
            touchpoint_id=name,
            record_id=name,
            occurred_at=at,
            loaded_at=at + timedelta(hours=1),
            channel=channel,
            interaction=interaction,
        )

    def contact(name: str, **attributes: str) -> None:
        warehouse.add(
            "contacts",
            source="test",
            record_id=name,
            updated_at=day(1),
            loaded_at=day(1),
            **attributes,
        )

    # two addresses of one person, one of them opted out
    record("two-a", day(1), customer_id="two", email="a@two.ch")
    record("two-b", day(1), customer_id="two", email="b@two.ch")
    consent("two-a", day(2), "granted", "email")
    consent("two-b", day(2), "granted", "email")
    consent("two-b", day(3), "withdrawn", "email")
    # withdrawn, then granted again for the same address
    record("again", day(1), email="again@mail.ch")
    consent("again", day(2), "withdrawn", "email")
    consent("again", day(5), "granted", "email")
    # all channels, all purposes: withdrawn on day 3, e-mail marketing granted again on day 4
    record("all", day(1), email="all@mail.ch", phone="+41795550202")
    consent("all", day(2), "granted", "email")
    consent("all", day(3), "withdrawn", "all", "all")
    consent("all", day(4), "granted", "email")
    # withdrawn from all channels in a mail that names the address alone
    record("everything", day(1), email="everything@mail.ch", phone="+41795550606")
    contact("everything", street="Weg 2", city="Bern")
    consent("everything", day(2), "granted", "email")
    consent("everything", day(2), "granted", "sms")
    record("everything-mail", day(3), email="everything@mail.ch")
    consent("everything-mail", day(3), "withdrawn", "all")
    # nobody asked: opt-in at home, but a postal address may be written to
    record("silent", day(1), customer_id="silent", email="silent@mail.ch")
    contact("silent", street="Weg 1", city="Bern")
    # nobody asked in the US: e-mail until objection, SMS only with a grant
    record("us", day(1), customer_id="us", email="us@mail.com", phone="+12025550143")
    contact("us", country_code="us")
    # in Canada nobody may be written to before a grant
    record("ca", day(1), customer_id="ca", email="ca@mail.com", phone="+14165550143")
    contact("ca", country_code="CA")
    # an objection by SMS is one to every channel; a grant given for e-mail does not help
    record("objector", day(1), email="objector@mail.ch", phone="+41795550909")
    record("objector-sms", day(3), phone="+41795550909")
    consent("objector", day(2), "granted", "email")
    consent("objector-sms", day(3), "objected", "sms")
    # double opt-in that was never confirmed
    record("pending", day(1), email="pending@mail.ch")
    consent("pending", day(2), "pending", "email")
    # a subject without address grants: its own address yes, the one merged by another record no
    record("subject-own", day(1), customer_id="subject", email="own@subject.ch")
    record("subject-link", day(1), customer_id="subject", phone="+41795550303")
    record("subject-merged", day(1), phone="+41795550303", email="merged@subject.ch")
    record("subject-form", day(2), customer_id="subject")
    consent("subject-form", day(2), "granted", "email")
    # the same, withdrawn: every address of the person
    record("leaver-own", day(1), customer_id="leaver", email="own@leaver.ch")
    record("leaver-link", day(1), customer_id="leaver", phone="+41795550404")
    record("leaver-merged", day(1), phone="+41795550404", email="merged@leaver.ch")
    record("leaver-form", day(2), customer_id="leaver")
    consent("leaver-own", day(1), "granted", "email")
    consent("leaver-form", day(2), "withdrawn", "email")
    # at the same instant the word that allows less stands
    record("tie", day(1), email="tie@mail.ch")
    consent("tie", day(2), "granted", "email")
    consent("tie", day(2), "objected", "all")
    # addresses that fail
    touch("delivery", day(1), "email", email="dead@mail.ch")
    touch("bounce", day(2), "email", email="dead@mail.ch")
    touch("bounce", day(2), "email", email="full@mail.ch")
    touch("delivery", day(3), "email", email="full@mail.ch")
    touch("complaint", day(2), "email", email="angry@mail.ch")
    touch("delivery", day(3), "email", email="angry@mail.ch")
    touch("send", day(2), "email", email="no-address")
    record("stop", day(1), phone="+41795550505")
    consent("stop", day(2), "withdrawn", "sms")
    # a number that changed hands: its words stay with who had it; what is said since binds
    for owner, first in (("former", 1), ("next", 10)):
        record(f"moved-{owner}", day(first), customer_id=owner, phone="+41795550707")
    record("moved-reply", day(3), phone="+41795550707")
    consent("moved-former", day(1), "granted", "sms")
    consent("moved-reply", day(3), "granted", "call_center")
    record("stopped-former", day(1), customer_id="former", phone="+41795550808")
    record("stopped-reply", day(3), phone="+41795550808")
    record("stopped-next", day(10), customer_id="next", phone="+41795550808")
    consent("stopped-reply", day(3), "withdrawn", "sms")
    consent("stopped-next", day(10), "granted", "sms")
    # two customers share an address all along: who opts it out speaks for both
    for number, owner in enumerate(("one", "other", "one", "other")):
        record(f"shared-{number}", day(1 + number), customer_id=owner, email="both@mail.ch")
        consent(f"shared-{number}", day(1 + number), "granted", "email")
    consent("shared-2", day(5), "withdrawn", "email")
    record("shared-5", day(6), customer_id="other", email="both@mail.ch")
    # a consent whose record names nobody
    consent("nobody", day(2), "granted", "email")
    warehouse.write()
    warehouse.dbt(
        "build", "--select", "+consent_by_identifier", "+consent_current", "+suppressions",
        "+profiles",
    )  # fmt: skip
    return warehouse


def by_address(warehouse: CanonicalWarehouse, address: str, purpose: str) -> dict[str, str]:
    """Status by channel of one address."""
    return dict(
        warehouse.query(
            f"""
            select consents.channel, consents.status
            from core.consent_by_identifier as consents
            inner join pii.identifiers
                on identifiers.identifier_key = consents.identifier_key
            where identifiers.identifier_value = '{address}' and consents.purpose = '{purpose}'
            """
        )
    )


def by_person(warehouse: CanonicalWarehouse, address: str, purpose: str) -> dict[str, str]:
    """Status by channel of the owner of an address."""
    return dict(
        warehouse.query(
            f"""
            select consents.channel, consents.status
            from core.consent_current as consents
            inner join pii.identifiers on identifiers.person_id = consents.person_id
            where identifiers.identifier_value = '{address}' and consents.purpose = '{purpose}'
            """
        )
    )


def test_one_address_that_opted_out_silences_the_person(warehouse: CanonicalWarehouse) -> None:
    assert by_address(warehouse, "a@two.ch", "marketing")["email"] == "granted"
    assert by_address(warehouse, "b@two.ch", "marketing")["email"] == "withdrawn"
    assert by_person(warehouse, "a@two.ch", "marketing")["email"] == "withdrawn"


def test_a_new_grant_counts_for_its_address(warehouse: CanonicalWarehouse) -> None:
    assert by_address(warehouse, "again@mail.ch", "marketing") == {"email": "granted"}
    assert by_person(warehouse, "again@mail.ch", "marketing")["email"] == "granted"


def test_all_means_every_channel_and_purpose_until_a_later_word(
    warehouse: CanonicalWarehouse,
) -> None:
    email = by_address(warehouse, "all@mail.ch", "marketing")
    assert email["email"] == "granted"
    assert email["all"] == "withdrawn"
    phone = by_address(warehouse, "+41795550202", "marketing")
    assert phone["sms"] == phone["call_center"] == "withdrawn"
    assert by_address(warehouse, "all@mail.ch", "profiling")["email"] == "withdrawn"
    assert by_person(warehouse, "all@mail.ch", "marketing")["email"] == "granted"
    assert by_person(warehouse, "all@mail.ch", "marketing")["sms"] == "withdrawn"


def test_a_withdrawal_from_all_channels_reaches_every_address(
    warehouse: CanonicalWarehouse,
) -> None:
    """It bound only the address that its record named; SMS and post went on."""
    assert by_address(warehouse, "everything@mail.ch", "marketing")["email"] == "withdrawn"
    assert by_address(warehouse, "+41795550606", "marketing")["sms"] == "withdrawn"
    person = by_person(warehouse, "everything@mail.ch", "marketing")
    assert person["email"] == person["sms"] == person["direct_mail"] == "withdrawn"


def test_silence_is_denied_where_a_grant_is_needed(warehouse: CanonicalWarehouse) -> None:
    silent = by_person(warehouse, "silent@mail.ch", "marketing")
    assert silent["email"] == "denied"
    assert silent["direct_mail"] == "granted"
    assert "sms" not in silent  # no number, nothing to decide
    assert by_address(warehouse, "silent@mail.ch", "marketing") == {}


def test_silence_is_granted_where_the_law_waits_for_an_objection(
    warehouse: CanonicalWarehouse,
) -> None:
    assert by_person(warehouse, "us@mail.com", "marketing")["email"] == "granted"
    assert by_person(warehouse, "us@mail.com", "marketing")["sms"] == "denied"
    assert by_address(warehouse, "us@mail.com", "marketing")["email"] == "granted"
    assert "sms" not in by_address(warehouse, "+12025550143", "marketing")


def test_a_rule_of_the_brand_for_one_channel_and_purpose(warehouse: CanonicalWarehouse) -> None:
    marketing = by_person(warehouse, "us@mail.com", "marketing")
    ads = by_person(warehouse, "us@mail.com", "ads")
    assert (marketing["email"], marketing["paid_social"]) == ("granted", "granted")
    assert (ads["email"], ads["paid_social"]) == ("denied", "granted")
    assert "email" not in by_address(warehouse, "us@mail.com", "ads")


def test_silence_is_denied_in_canada(warehouse: CanonicalWarehouse) -> None:
    person = by_person(warehouse, "ca@mail.com", "marketing")
    assert (person["email"], person["sms"]) == ("denied", "denied")
    assert by_address(warehouse, "ca@mail.com", "marketing") == {}


def test_an_objection_on_one_channel_is_one_on_every_channel(
    warehouse: CanonicalWarehouse,
) -> None:
    """The gate refused such a person, and `consent_current` still said granted."""
    assert by_address(warehouse, "objector@mail.ch", "marketing") == {"email": "granted"}
    person = by_person(warehouse, "objector@mail.ch", "marketing")
    assert (person["email"], person["sms"]) == ("objected", "objected")


def test_an_unconfirmed_opt_in_is_no_grant(warehouse: CanonicalWarehouse) -> None:
    assert by_person(warehouse, "pending@mail.ch", "marketing")["email"] == "pending"


def test_a_merge_never_widens_a_grant(warehouse: CanonicalWarehouse) -> None:
    assert by_address(warehouse, "own@subject.ch", "marketing") == {"email": "granted"}
    assert by_address(warehouse, "merged@subject.ch", "marketing") == {}


def test_a_withdrawal_reaches_every_address(warehouse: CanonicalWarehouse) -> None:
    for address in ("own@leaver.ch", "merged@leaver.ch"):
        assert by_address(warehouse, address, "marketing")["email"] == "withdrawn"
    assert by_person(warehouse, "own@leaver.ch", "marketing")["email"] == "withdrawn"


def test_of_two_words_at_once_the_stricter_stands(warehouse: CanonicalWarehouse) -> None:
    assert by_address(warehouse, "tie@mail.ch", "marketing")["email"] == "objected"


def test_a_number_that_changes_hands_takes_no_word_along(warehouse: CanonicalWarehouse) -> None:
    """Its new owner was sent SMS because the former one had agreed, or none because of a STOP."""

    def words(value: str) -> dict[tuple[str, str], str]:
        return {
            (owner, channel): status
            for owner, channel, status in warehouse.query(
                f"""
                select owners.identifier_value, consents.channel, consents.status
                from core.consent_by_identifier as consents
                inner join pii.identifiers using (identifier_key)
                inner join pii.identifiers as owners
                    on owners.person_id = consents.person_id
                    and owners.identifier_type = 'customer_id'
                where identifiers.identifier_value = '{value}'
                    and consents.purpose = 'marketing' and consents.is_explicit
                """
            )
        }

    assert words("+41795550707") == {
        ("former", "sms"): "granted",
        ("former", "call_center"): "granted",
    }
    assert words("+41795550808") == {("former", "sms"): "withdrawn", ("next", "sms"): "granted"}
    assert words("both@mail.ch") == {("one", "email"): "withdrawn", ("other", "email"): "withdrawn"}
    assert by_person(warehouse, "next", "marketing")["sms"] == "granted"
    assert by_person(warehouse, "former", "marketing")["sms"] == "withdrawn"


def test_suppressions(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        """
        select identifiers.identifier_value, suppressions.channel, suppressions.reason
        from core.suppressions
        inner join pii.identifiers
            on identifiers.identifier_key = suppressions.identifier_key
        order by identifiers.identifier_value
        """
    ) == [
        ("+41795550202", "all", "stop,withdrawn"),
        ("+41795550505", "sms", "stop"),
        ("+41795550606", "sms", "stop"),
        ("+41795550909", "sms", "stop"),
        ("all@mail.ch", "all", "withdrawn"),
        ("angry@mail.ch", "email", "complaint"),
        ("dead@mail.ch", "email", "bounce"),
        ("no-address", "all", "no_email_address"),
    ]


def test_profiles_take_a_deliverable_address(warehouse: CanonicalWarehouse) -> None:
    assert warehouse.query(
        "select primary_email, street, street_source, city, country_code from pii.profiles "
        "where primary_email in ('silent@mail.ch', 'us@mail.com') order by primary_email"
    ) == [
        ("silent@mail.ch", "Weg 1", "test", "Bern", None),
        ("us@mail.com", None, None, None, "US"),
    ]
