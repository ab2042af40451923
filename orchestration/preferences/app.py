"""The web service: one-click unsubscribe (RFC 8058) and the preference page.

Belongs here: routes, status codes, headers, limits. Does not belong here: what a form means
(`form.py`), HTML (`pages.py`), files (`journal.py`).

    POST /unsubscribe/{token}    ends what the link is about, at once, no login, no cookie
    GET  /unsubscribe/{token}    asks first: programs that look at links follow every GET
    GET, POST /preferences/{token}
    GET  /health

The token is all there is: whoever has the link may act for the address, nobody else knows it, and
so no other site can make a browser send a form. A 200 to a POST means that the word is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from orchestration.preferences.choices import Choices
from orchestration.preferences.form import (
    Fields,
    FormInvalid,
    Row,
    answers_of,
    consent_row,
    consent_rows,
    preference_rows,
    read_answers,
)
from orchestration.preferences.guard import Guard
from orchestration.preferences.journal import CONSENTS, PREFERENCES, Journal, NotKept
from orchestration.preferences.known import Known, Memory
from orchestration.preferences.links import Kind, LinkInvalid, LinkKeys, Recipient, read, sign
from orchestration.preferences.pages import Pages, choose_language, content_policy

CLOSE_AFTER_S = 6 * 3600.0  # every landing here closes by itself; this is for one elsewhere
_FIELDS = 200
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What the routes share."""

    choices: Choices
    keys: LinkKeys
    journal: Journal
    memory: Memory

    async def unsubscribe(self, request: Request) -> Response:
        recipient, kind, pages = self._opened(request, "unsubscribe")
        token = sign("preferences", self.keys, recipient)
        link = f"../preferences/{token}?lang={pages.language}"
        if request.method != "POST":
            return HTMLResponse(pages.unsubscribe(recipient, link))
        form = await _form(request)
        if form.get("List-Unsubscribe") != ["One-Click"]:
            page = pages.unsubscribe(recipient, link, problem=pages.texts["error_field"])
            return HTMLResponse(page, status_code=400)
        row = consent_row(
            recipient,
            kind,
            channel=recipient.channel,
            status="withdrawn",
            method="one_click",
            at=self.journal.now(),
        )
        await run_in_threadpool(self.journal.append, CONSENTS, [row])
        _LOG.info("unsubscribed from %s on %s", recipient.purpose, recipient.channel)
        text = pages.say("unsubscribed", recipient)
        return HTMLResponse(pages.message(pages.texts["unsubscribed_title"], text, link=link))

    async def preferences(self, request: Request) -> Response:
        recipient, kind, pages = self._opened(request, "preferences")
        known = await run_in_threadpool(self.memory.of, recipient)
        choices = self.choices.with_channel(recipient.channel)
        if request.method != "POST":
            return HTMLResponse(pages.preferences(recipient, answers_of(known, choices), known))
        form = await _form(request)
        consents: list[Row]
        preferences: list[Row] = []
        at = self.journal.now()
        if form.get("action") == ["stop_all"]:
            message = pages.say("stopped", recipient)
            row = consent_row(
                recipient, kind, channel="all", status="withdrawn", method="page", at=at
            )
            consents = [row]
        else:
            message = pages.texts["saved"]
            try:
                answers = read_answers(form, choices)
            except FormInvalid as error:
                return self._sent_back(pages, recipient, known, choices, form, error)
            consents = consent_rows(answers, known, recipient, choices, kind, at)
            preferences = preference_rows(answers, known, recipient, choices, kind, at)
        await run_in_threadpool(self._keep, consents, preferences)
        _LOG.info("%d consents, %d preferences", len(consents), len(preferences))
        known = await run_in_threadpool(self.memory.of, recipient)
        answers = answers_of(known, choices)
        return HTMLResponse(pages.preferences(recipient, answers, known, message=message))

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    def _keep(self, consents: list[Row], preferences: list[Row]) -> None:
        if consents:
            self.journal.append(CONSENTS, consents)
        if preferences:
            self.journal.append(PREFERENCES, preferences)

    def _sent_back(
        self,
        pages: Pages,
        recipient: Recipient,
        known: Known,
        choices: Choices,
        form: Fields,
        error: FormInvalid,
    ) -> Response:
        """The page once more, with what was filled in where that can be shown."""
        name = "error_quiet_hours" if error.field == "quiet_hours" else "error_field"
        answers = answers_of(known, choices)
        if error.field == "quiet_hours":
            told = {name: form[name] for name in form if not name.startswith("quiet_")}
            answers = read_answers(told, choices)
        page = pages.preferences(recipient, answers, known, problem=pages.texts[name])
        return HTMLResponse(page, status_code=400)

    def _opened(self, request: Request, kind: Kind) -> tuple[Recipient, str, Pages]:
        """Whom the link is for, how landing calls the address, the pages in the right language."""
        try:
            recipient = read(kind, self.keys, request.path_params["token"])
        except LinkInvalid:
            raise HTTPException(404) from None
        identifier_type = self.choices.identifier_type(recipient.channel)
        if identifier_type is None:
            _LOG.error("a link for channel %s, which has no address", recipient.channel)
            raise HTTPException(404)
        choices = self.choices.with_channel(recipient.channel)
        return recipient, identifier_type, Pages(choices, _language(request))

    def problem(self, request: Request, error: Exception) -> Response:
        """The page for an error; what was wrong is never quoted."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        name = "invalid" if status == 404 else "error"
        if isinstance(error, NotKept | OSError):
            _LOG.error("nothing can be kept: %s", error)
            status, name, headers = 503, "not_kept", {"Retry-After": "120"}
        page = Pages(self.choices, _language(request)).problem(name)
        return HTMLResponse(page, status_code=status, headers=headers)


def create_app(
    *,
    choices: Choices,
    keys: LinkKeys,
    journal: Journal,
    serving: Path,
    close_after_s: float = CLOSE_AFTER_S,
) -> ASGIApp:
    """The service as an ASGI application; `serving` is the link to the serving copy in force."""
    service = Service(choices, keys, journal, Memory(journal, serving))

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        closing = asyncio.create_task(_close_now_and_then(journal, close_after_s))
        try:
            yield
        finally:
            closing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await closing
            await run_in_threadpool(journal.close)

    app = Starlette(
        routes=[
            Route("/unsubscribe/{token}", service.unsubscribe, methods=["GET", "POST"]),
            Route("/preferences/{token}", service.preferences, methods=["GET", "POST"]),
            Route("/health", service.health),
        ],
        exception_handlers={
            HTTPException: service.problem,
            NotKept: service.problem,
            OSError: service.problem,
            500: service.problem,
        },
        lifespan=lifespan,
    )
    return Guard(app, content_policy())


async def _close_now_and_then(journal: Journal, after_s: float) -> None:
    """Close what was written, every `after_s`; a file that cannot be closed waits for the next."""
    while True:
        try:
            await run_in_threadpool(journal.close)
        except OSError as error:
            _LOG.error("the journal cannot be closed: %s", error.strerror)
        await asyncio.sleep(after_s)


async def _form(request: Request) -> dict[str, list[str]]:
    """Values by field, from either encoding that RFC 8058 allows; files are refused."""
    fields: dict[str, list[str]] = {}
    for name, value in (await request.form(max_files=0, max_fields=_FIELDS)).multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return fields


def _language(request: Request) -> str:
    return choose_language(
        request.query_params.get("lang"), request.headers.get("accept-language", "")
    )
