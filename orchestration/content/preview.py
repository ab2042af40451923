"""Finished mails as files, to be looked at in a browser.

Belongs here: one HTML and one text file per variant and locale, and a page that shows them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from orchestration.content.lint import SAMPLE_LINKS, samples
from orchestration.content.registry import Message
from orchestration.content.rendering import Rendered, Renderer

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font-family: sans-serif; margin: 24px; background: #e9e9e9 }}
article {{ display: inline-block; vertical-align: top; margin: 0 24px 24px 0; width: 640px }}
header {{ background: #fff; padding: 12px 16px; border-bottom: 1px solid #ccc }}
header span {{ color: #777 }} iframe {{ width: 640px; height: 900px; border: 0; background: #fff }}
</style></head><body><h1>{title}</h1>{mails}</body></html>
"""
_MAIL = """<article><header><b>{subject}</b> <span>{preheader}</span><br><small>{sender} · {version}
· <a href="{stem}.html">HTML</a> · <a href="{stem}.txt">text</a></small></header>
<iframe src="{stem}.html" title="{stem}"></iframe></article>"""


def write_previews(renderer: Renderer, message: Message, folder: Path) -> list[Path]:
    """Write `<variant>.<locale>.html` and `.txt` of a message and `index.html`; the files.

    Values are the samples of the message. Raises `RenderError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mails = [
        renderer.render(
            message, variant=variant, locale=locale, values=samples(message), links=SAMPLE_LINKS
        )
        for variant in message.variants
        for locale in message.locales
    ]
    files = []
    for mail in mails:
        for suffix, text in (("html", mail.html), ("txt", mail.text)):
            file = folder / f"{_stem(mail)}.{suffix}"
            file.write_text(text, encoding="utf-8")
            files.append(file)
    index = folder / "index.html"
    index.write_text(_index(renderer, message, mails), encoding="utf-8")
    return [*files, index]


def _index(renderer: Renderer, message: Message, mails: Sequence[Rendered]) -> str:
    shown = [
        _MAIL.format(
            subject=escape(mail.subject),
            preheader=escape(mail.preheader),
            sender=escape(renderer.registry.brand.sender_name),
            version=escape(f"variant {mail.variant}, {mail.content_version}"),
            stem=_stem(mail),
        )
        for mail in mails
    ]
    return _PAGE.format(
        title=escape(f"{message.name}: {message.description}"), mails="".join(shown)
    )


def _stem(mail: Rendered) -> str:
    return f"{mail.variant}.{mail.locale}"
