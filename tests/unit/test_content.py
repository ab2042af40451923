"""The content of a brand: what is read, what a mail may see, what the lint finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.content import ContentError, Links, Registry, Renderer, RenderError, load_content
from orchestration.content.__main__ import main
from orchestration.content.lint import Finding, Use, lint
from orchestration.content.uses import uses_of
from orchestration.settings import PROJECT_ROOT, Paths
from tests.mail_brand import write_content

IMAGE = "<mj-image src='https://x.example/a.png' /></mj-column>"
LINKS = Links("https://x.example/u", "https://x.example/p?a=1&b=2")
USE = Use("thanks", "thanks", frozenset({"person_id", "email", "first_name"}))


@pytest.fixture
def tenant(tmp_path: Path) -> Path:
    """The folder of a brand with the message `thanks`."""
    write_content(tmp_path)
    return tmp_path


def _message(tenant: Path) -> Path:
    return tenant / "content" / "messages" / "thanks"


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _render(registry: Registry, *, locale: str | None = None, **values: object) -> object:
    return Renderer(registry).render(
        registry.message("thanks"),
        variant=None,
        locale=locale,
        values={"first_name": "Anna", **values},
        links=LINKS,
    )


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("de-CH", "de"), ("de_ch", "de"), ("DE", "de"), ("fr-CH", "en"), ("", "en"), (None, "en"),
     ("d", "en")],
)  # fmt: skip
def test_a_locale_falls_back_to_its_language_and_then_to_the_default(
    tenant: Path, wanted: str | None, given: str
) -> None:
    mail = _render(load_content(tenant), locale=wanted)
    assert mail.locale == given  # type: ignore[attr-defined]


def test_a_locale_of_its_own_comes_before_the_language(tenant: Path) -> None:
    (_message(tenant) / "de-CH.yml").write_text(
        "all: {subject: Merci, preheader: Kurz, body: Grüezi}", encoding="utf-8"
    )
    registry = load_content(tenant)
    mails = [_render(registry, locale=locale) for locale in ("de-CH", "de-AT")]
    assert [mail.subject for mail in mails] == ["Merci", "Danke, Anna"]  # type: ignore[attr-defined]
    assert "Abmelden" in mails[0].text  # type: ignore[attr-defined]


def test_values_are_escaped_in_html_and_plain_in_the_text(tenant: Path) -> None:
    name = "O'Neil & <script>alert(1)</script> {{ 7 * 7 }} <mj-raw>"
    mail = _render(load_content(tenant), first_name=name)
    assert f"Dear {name}" in mail.text  # type: ignore[attr-defined]
    assert "<script" not in mail.html  # type: ignore[attr-defined]
    assert "O&#39;Neil &amp; &lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in mail.html  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ email }}", "'email' is undefined"),
        ("{{ texts.nothing }}", "no attribute 'nothing'"),
        ("{{ first_name.__class__.__mro__ }}", "SecurityError"),
        ("{{ ''.__class__ }}", "SecurityError"),
        ("{% include '../../../tenant.yml' %}", "TemplateNotFound"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
    ],
)
def test_a_template_sees_what_its_message_declares_and_nothing_else(
    tenant: Path, template: str, told: str
) -> None:
    (tenant / "tenant.yml").write_text("sources: []", encoding="utf-8")
    (_message(tenant) / "a.txt").write_text(template, encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        _render(load_content(tenant), email="anna@example.com")
    assert told in str(caught.value)
    assert "anna@example.com" not in str(caught.value)


def test_a_value_that_must_be_there_refuses_the_row_by_name(tenant: Path) -> None:
    _change(_message(tenant) / "message.yml", ", optional: true", "")
    with pytest.raises(RenderError, match="no value in first_name") as caught:
        _render(load_content(tenant), first_name=None)
    assert caught.value.code == "missing_value"
    with pytest.raises(RenderError, match="the payload lacks first_name"):
        Renderer(load_content(tenant)).render(
            load_content(tenant).message("thanks"), variant="a", locale=None, values={}, links=LINKS
        )


CHANGES: list[Callable[[Path], None]] = [
    lambda tenant: _change(_message(tenant) / "en.yml", "Dear", "Dearest"),
    lambda tenant: _change(_message(tenant) / "a.mjml", "<mj-text>", '<mj-text color="#000000">'),
    lambda tenant: _change(_message(tenant) / "a.txt", "}}", "}} "),
    lambda tenant: _change(_message(tenant) / "message.yml", "version: 3", "version: 4"),
    lambda tenant: _change(tenant / "content/brand.yml", "Weg 1", "Weg 2"),
    lambda tenant: _change(tenant / "content/brand.yml", "Unsubscribe", "Leave"),
    lambda tenant: (tenant / "content/layout.mjml").write_text("new") and None,
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_version_moves_with_everything_that_a_mail_is_made_of(
    tenant: Path, change: Callable[[Path], None]
) -> None:
    def version() -> str:
        return _render(load_content(tenant)).content_version  # type: ignore[attr-defined]

    before = version()
    assert version() == before
    change(tenant)
    assert version() != before


def test_the_version_stays_when_another_locale_or_variant_changes(tenant: Path) -> None:
    before = _render(load_content(tenant)).content_version  # type: ignore[attr-defined]
    _change(_message(tenant) / "de.yml", "Liebe", "Allerliebste")
    _change(_message(tenant) / "b.txt", "}}", "}} ")
    _change(tenant / "content/brand.yml", "Abmelden", "Austragen")
    assert _render(load_content(tenant)).content_version == before  # type: ignore[attr-defined]


def _lint(tenant: Path, use: Use = USE) -> list[str]:
    """Errors only, without where they are."""
    return [finding.text for finding in lint(load_content(tenant), [use]) if finding.is_error]


def test_a_sound_message_has_no_finding(tenant: Path) -> None:
    assert lint(load_content(tenant), [USE]) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("a.txt", "{{ texts.body }}", "{{ city }}", "variable city is used but not declared"),
        ("en.yml", "Dear", "{{ town }}", "variable town is used but not declared"),
        ("a.mjml", "{{ texts.body }}", "{{ texts.boddy }}", "no attribute 'boddy'"),
        ("de.yml", "body:", "bodi:", "text body is missing"),
        ("a.mjml", "{{ links.unsubscribe }}", "https://x.example", "no unsubscribe link in the HT"),
        ("a.txt", "{{ links.unsubscribe }}", "", "no unsubscribe link in the text part"),
        ("a.mjml", "{{ brand.postal_address }}", "", "no postal address in the HTML part"),
        ("a.txt", "{{ brand.postal_address }}", "", "no postal address in the text part"),
        ("a.mjml", "{{ links.unsubscribe }}", "http://x.example", "is neither https nor mailto"),
        ("a.mjml", "{{ texts.body }}", "{{ 'x' * 102000 }}", "Gmail cuts a mail at 102,000"),
        ("en.yml", "Thank you", "Thank you" * 10, "inboxes show 70"),
        ("en.yml", "Short", "Short " * 30, "inboxes show 110"),
        ("a.mjml", "</mj-column>", IMAGE, "is not among the images of brand.yml"),
        ("a.mjml", "</mj-column>", IMAGE, "has no alt text"),
        ("a.mjml", "<mj-text>{{ texts.body }}</mj-text>", "<mj-txt>!</mj-txt>", "element mj-txt"),
        ("a.mjml", "</mj-section>", "", "MJML"),
        ("a.mjml", "{{ texts.body }}", "{{ texts.body", "not a template"),
    ],
)  # fmt: skip
def test_what_the_lint_finds(tenant: Path, file: str, old: str, new: str, told: str) -> None:
    _change(_message(tenant) / file, old, new)
    assert any(told in text for text in _lint(tenant)), _lint(tenant)


def test_an_image_of_the_brand_with_an_alt_text_is_fine(tenant: Path) -> None:
    _change(
        tenant / "content/brand.yml", "footer:", "images: {logo: https://x.example/a.png}\nfooter:"
    )
    _change(
        _message(tenant) / "a.mjml",
        "</mj-column>",
        '<mj-image src="{{ brand.images.logo }}" alt="Logo" width="90px" /></mj-column>',
    )
    assert _lint(tenant) == []


def test_the_payloads_of_syncs_are_held_against_the_variables(tenant: Path) -> None:
    use = Use("thanks_mail", "thanks", frozenset({"person_id", "email"}))
    assert _lint(tenant, use) == ["the payload of sync thanks_mail has no field first_name"]
    other = Use("other_mail", "welcome", frozenset())
    assert Finding("sync other_mail", "no message 'welcome'") in lint(
        load_content(tenant), [USE, other]
    )


def test_all_mistakes_of_all_files_are_told_at_once(tenant: Path) -> None:
    _change(tenant / "content/brand.yml", "default_locale: en", "default_locale: fr\ncolour: red")
    _change(_message(tenant) / "message.yml", "version: 3", "version: nine")
    with pytest.raises(ContentError) as caught:
        load_content(tenant)
    assert "brand.yml: colour: Extra inputs" in str(caught.value)
    assert "message.yml: version: Input should be a valid integer" in str(caught.value)


def test_missing_parts_are_told(tenant: Path) -> None:
    (_message(tenant) / "b.txt").unlink()
    _change(_message(tenant) / "de.yml", "preheader: Kurz, ", "")
    _change(tenant / "content/brand.yml", "default_locale: en", "default_locale: fr")
    with pytest.raises(ContentError) as caught:
        load_content(tenant)
    for told in ("b.txt is missing", "a: preheader is missing", "fr.yml is missing",
                 "footer: fr is missing"):  # fmt: skip
        assert told in str(caught.value)


def test_the_demo_brand_is_sound_and_can_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CROSSWEAVE_TENANT", "demo")  # the command sets it
    paths = Paths("demo", root=PROJECT_ROOT / "data")
    registry = load_content(paths.tenant_folder)
    assert lint(registry, uses_of(paths)) == []
    assert main(["--tenant", "demo", "--lint"]) == 0
    folder = tmp_path / "out"
    assert main(["--tenant", "demo", "--preview", "lapsing_high_value", "--out", str(folder)]) == 0
    assert sorted(file.name for file in folder.glob("*.html")) == [
        *(f"{variant}.{locale}.html" for variant in "ab" for locale in ("de", "en", "fr", "it")),
        "index.html",
    ]
    capsys.readouterr()
    assert main(["--tenant", "demo", "--preview", "nothing"]) == 1
    assert "no message 'nothing'; there are: lapsing_high_value" in capsys.readouterr().err
