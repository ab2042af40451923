"""Claims about what the preference page offers and the words it is written in."""

from __future__ import annotations

import csv
import string
from pathlib import Path

import pytest
import yaml

from orchestration.preferences.choices import ChoicesError, load_choices
from orchestration.preferences.form import ANY
from orchestration.preferences.pages import texts
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Paths
from tests.preferences.served import make_tenant

FREQUENCIES = DBT_PROJECT_DIR / "seeds" / "core" / "contact_frequencies.csv"


def frequencies() -> list[tuple[str, int, int]]:
    with FREQUENCIES.open(encoding="utf-8", newline="") as handle:
        return [
            (row["frequency"], int(row["max_messages"]), int(row["period_days"]))
            for row in csv.DictReader(handle)
        ]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_says_everything_with_the_same_blanks() -> None:
    english = texts()["en"]
    assert set(texts()) == {"en", "de", "fr"}
    for words in texts().values():
        assert words.keys() == english.keys()
        for key, text in words.items():
            assert fields(text) == fields(english[key]), key
            assert text.strip()


def test_every_frequency_has_words_in_every_language() -> None:
    for words in texts().values():
        assert {f"frequency_{name}" for name, _, _ in frequencies()} - words.keys() == {
            "frequency_never"  # that is what unsubscribing is for
        }
        assert f"frequency_{ANY}" in words


def test_the_shipped_pages_are_valid() -> None:
    choices = load_choices(Paths("demo", root=PROJECT_ROOT / "data"))
    assert choices.identifier_type("sms") == "phone_key"
    assert choices.identifier_type("direct_mail") is None
    for names in choices.topics.values():
        assert {"en", "de", "fr"} <= names.keys()


def test_without_a_file_the_page_has_a_form_of_its_own(tmp_path: Path) -> None:
    paths = make_tenant(tmp_path, "two_words")
    (paths.tenant_folder / "preferences.yml").unlink()
    choices = load_choices(paths)
    assert (choices.brand, choices.channels) == ("Two Words", ("email", "sms", "push"))
    assert choices.frequencies == ("daily", "weekly", "monthly")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"chanels": ["email"]}, "chanels"),
        ({"channels": ["store"]}, "channels: no 'store'"),
        ({"channels": ["direct_mail"]}, "channels: no 'direct_mail'"),
        ({"frequencies": ["hourly"]}, "frequencies: no 'hourly'"),
        ({"topics": {"Ski & More": {"en": "x"}}}, "lower case"),
        ({"topics": {"none": {"en": "x"}}}, "not none"),
        ({"topics": {"ski": {}}}, "needs a name"),
        ({"languages": ["german"]}, "two letters"),
    ],
)
def test_a_mistake_in_the_file_is_named(
    tmp_path: Path, content: dict[str, object], message: str
) -> None:
    paths = make_tenant(tmp_path)
    file = paths.tenant_folder / "preferences.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ChoicesError, match=r"preferences\.yml") as caught:
        load_choices(paths)
    assert message in str(caught.value)
