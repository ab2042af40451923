"""A brand with a mail server and one small message, for tests of mails.

Belongs here: the files of such a brand, and its sync. Does not belong here: expectations.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.activation import SyncDefinition
from orchestration.settings import Paths
from tests.syncs import Brand, definition, make_brand

KEY = "key-of-links-in-tests"
BRAND = """
name: Test & Co
sender_name: Test & Co, Zürich
website: https://shop.example.com
postal_address: Test & Co, Weg 1, 3011 Bern
default_locale: en
footer:
  en: {unsubscribe: Unsubscribe}
  de: {unsubscribe: Abmelden}
"""
MESSAGE = """
description: A word of thanks
version: 3
variables:
  first_name: {sample: Anna, optional: true}
"""
MJML = """<mjml><mj-head><mj-preview>{{ texts.preheader }}</mj-preview></mj-head><mj-body>
<mj-section><mj-column><mj-text>{{ texts.body }}</mj-text>
<mj-text><a href="{{ links.unsubscribe }}">{{ footer.unsubscribe }}</a> {{ brand.postal_address }}
</mj-text></mj-column></mj-section></mj-body></mjml>
"""
TEXT = """{{ texts.body }}
{{ footer.unsubscribe }}: {{ links.unsubscribe }}
{{ brand.postal_address }}
"""
TEXTS = {
    "en": "subject: 'Thank you, {{ first_name }}', preheader: Short, body: 'Dear {{ first_name }}'",
    "de": "subject: 'Danke, {{ first_name }}', preheader: Kurz, body: 'Liebe {{ first_name }}'",
}
VIEW = """
    create or replace view activation.act_test__mail as
    select
        person_id, identifier_key, email, first_name,
        case when person_id < 'p0002' then 'de-CH' end as locale,
        case when person_id = 'p0001' then 'b' end as variant,
        'thanks' as content_id
    from pii.people
"""


def write_content(tenant_folder: Path) -> Path:
    """Write the brand's content; returns the folder of its message."""
    folder = tenant_folder / "content"
    message = folder / "messages" / "thanks"
    message.mkdir(parents=True)
    (folder / "brand.yml").write_text(BRAND, encoding="utf-8")
    (message / "message.yml").write_text(MESSAGE, encoding="utf-8")
    for variant in ("a", "b"):
        (message / f"{variant}.mjml").write_text(MJML, encoding="utf-8")
        (message / f"{variant}.txt").write_text(TEXT, encoding="utf-8")
    for locale, text in TEXTS.items():
        (message / f"{locale}.yml").write_text(f"all: {{{text}}}\n", encoding="utf-8")
    return message


def write_destination(tenant_folder: Path, port: int, settings: str = "tls: none") -> None:
    """Write destinations.yml with the mail server of a test."""
    (tenant_folder / "destinations.yml").write_text(
        "post:\n  connector: smtp\n  settings: {host: 127.0.0.1, port: "
        f"{port}, sender: news@example.com, links_url: 'https://preferences.example.com', "
        f"{settings}}}\n",
        encoding="utf-8",
    )


def make_mail_brand(folder: Path, port: int, *, people: int, settings: str = "tls: none") -> Brand:
    """A brand in memory with people p0000, p0001, ... and a mail server at `port`."""
    brand = make_brand(folder)
    write_content(brand.paths.tenant_folder)
    write_destination(brand.paths.tenant_folder, port, settings)
    fill(brand, people)
    return brand


def fill(brand: Brand, people: int) -> None:
    """Add the people and the payload view."""
    for number in range(people):
        brand.person(number)
    brand.connection.execute(VIEW)


def mail_paths(folder: Path) -> Paths:
    """Paths of the tests' tenant under a data folder."""
    return Paths(tenant="test", root=folder)


def mail_sync(**values: object) -> SyncDefinition:
    """A sync that mails `act_test__mail`, with what the test changes."""
    return definition(
        **{
            "sync": "thanks",
            "model": "act_test__mail",
            "destination": "post",
            "channel": "email",
            "mode": "insert",
            "options": {"message": "thanks", "to_name": "first_name"},
            **values,
        }
    )
