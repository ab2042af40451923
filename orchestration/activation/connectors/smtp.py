"""The `smtp` destination: one rendered mail per recipient through a mail server.

Belongs here: settings, making a recipient's mail, and what a server's replies mean for that row.
Does not belong here: the conversation itself (`smtp_session.py`), headers (`mail.py`), what is
written in a mail (`orchestration/content`), retries.

    250 after the final dot                     succeeded
    4xx                                         rejected, tried again when it is due
    5xx for the recipient or the mail           rejected for good; the other rows go on
    421, connection lost before the final dot   NotDelivered: nothing arrived
    connection lost after the final dot         unknown: never sent again blindly
    5xx for the sender or the session, at any   DestinationDown: nobody is parked for it
    stage; credentials refused

A batch is one mail, so that every error is about one. What is handed over is written down before
the dot (`smtp_journal.py`): a killed run has one mail in doubt, however many are written down
together in the ledger.
What was sent cannot be changed or taken back, so the only operation is `add`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from orchestration.activation.connectors.base import (
    ConnectorContext,
    ConnectorSettings,
    ConnectorType,
    Description,
    DestinationDown,
    Record,
    RowResult,
    SyncOptions,
)
from orchestration.activation.connectors.mail import Mail, MailError, Signer, to_bytes, wire_address
from orchestration.activation.connectors.network import is_loopback
from orchestration.activation.connectors.smtp_journal import Journal
from orchestration.activation.connectors.smtp_session import Login, Reply, Session
from orchestration.content import (
    Links,
    Message,
    Rendered,
    Renderer,
    RenderError,
    load_content,
)
from orchestration.preferences.links import (
    LinkKeyError,
    link_keys,
    preferences_url,
    unsubscribe_url,
)

CHANNEL = "email"


class SmtpSettings(ConnectorSettings):
    """A mail server, and who the mails are from."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"] = Field(
        default="starttls", description="none only for this machine"
    )
    username: str | None = Field(default=None, description="with the secret PASSWORD")
    sender: str = Field(description="address; its name stands in content/brand.yml")
    reply_to: str | None = None
    links_url: str = Field(description="where the preference service answers, https")
    per_second: float | None = Field(default=None, gt=0, description="most mails per second")
    mails_per_receipt: int = Field(
        default=50, ge=1, le=1000, description="mails between two looks at consent"
    )
    timeout_s: float = Field(default=60, gt=0, le=600)
    dkim_selector: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._-]+$", description="with the secret DKIM_KEY (PEM)"
    )
    dkim_domain: str | None = Field(default=None, description="default: domain of the sender")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError("tls: none is only for this machine; use starttls or implicit")
        for address in (self.sender, self.reply_to):
            if address is not None and wire_address(address) != address:
                raise ValueError("sender and reply_to are addresses in ASCII")
        parts = urlsplit(self.links_url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ValueError("links_url: https is needed (RFC 8058)")
        return self


class SmtpOptions(SyncOptions):
    """Which message a sync sends, and which fields of its payload say what."""

    message: str | None = Field(
        default=None, description="name in content/messages; default: the row's content_id"
    )
    to_name: str | None = Field(default=None, description="field with the recipient's name")


class SmtpConnector:
    """A mail server, opened for one run of one sync; connects with the first mail.

    Raises `ValueError` (`ContentError` among them) when it cannot work as it is configured.
    """

    def __init__(self, context: ConnectorContext) -> None:
        settings, options = context.settings, context.options
        assert isinstance(settings, SmtpSettings)
        assert isinstance(options, SmtpOptions)
        self._context, self._settings, self._options = context, settings, options
        self._renderer = Renderer(load_content(context.tenant_folder))
        if options.message is not None:
            self._renderer.registry.message(options.message)
        try:
            self._keys = link_keys(context.env)
        except LinkKeyError as error:
            raise ValueError(str(error)) from error
        needed = [name for name in ("email", options.to_name) if name is not None]
        missing = sorted(set(needed) - set(context.fields))
        if missing:
            raise ValueError(f"the payload lacks {', '.join(missing)}")
        self._journal = Journal(context.outbox / context.sync / f"{context.run_id}.smtp.txt")
        self._signer = _signer(settings, context.secrets)
        self._session = Session(
            settings.host,
            settings.port,
            tls=settings.tls,
            login=_login(settings, context.secrets),
            sender=settings.sender,
            timeout_s=settings.timeout_s,
        )

    def describe(self) -> Description:
        """Mail by mail; the journal knows what was sent, and the one mail that is in doubt."""
        return Description(
            destination="smtp",
            channel=CHANNEL,
            batch_size=1,
            operations=("add",),
            is_local=is_loopback(self._settings.host),
            is_idempotent=False,
            read_back="complete",
            requests_per_second=self._settings.per_second,
            batches_per_receipt=self._settings.mails_per_receipt,
            is_message=True,
        )

    def send(self, batch: Sequence[Record]) -> list[RowResult]:
        """Send one mail. Raises `NotDelivered` or `DestinationDown`."""
        if len(batch) > 1:
            raise ValueError("a batch of mails: an error could not say which of them arrived")
        self._journal.open()
        return [self._send(record) for record in batch]

    def read_back(self, idempotency_keys: Sequence[str]) -> list[RowResult | None]:
        """What the journal of this run says; unknown for the mail that was under way."""
        says = {
            "taken": RowResult("succeeded"),
            "in doubt": RowResult("unknown", error_class="answer_lost"),
            "not sent": None,
        }
        return [says[known] for known in self._journal.known(idempotency_keys)]

    def holds_records(self) -> None:
        """A mail server cannot be asked."""

    def close(self) -> None:
        """Take leave of the server."""
        self._session.close()
        self._journal.close()

    def _send(self, record: Record) -> RowResult:
        try:
            rendered, mail = self._mail(record)
            recipient = wire_address(mail.recipient)
            finished = to_bytes(mail, self._signer)
        except (RenderError, MailError) as error:
            return _refused(error.code, str(error))
        except Exception as error:  # nothing was sent: the row is refused, and never in doubt
            return _refused("mail_failed", type(error).__name__)
        key = record.idempotency_key
        reply = self._session.deliver(
            recipient,
            finished,
            utf8=mail.needs_utf8,
            before_dot=lambda: self._journal.write("begun", key),
        )
        if reply.code:
            self._journal.write("taken" if reply.is_accepted else "refused", key)
        if reply.is_of_all:
            raise DestinationDown(f"sender or session refused: {reply.status} at {reply.stage}")
        return _result(reply, rendered, mail.message_id)

    def _mail(self, record: Record) -> tuple[Rendered, Mail]:
        payload, settings = record.payload, self._settings
        if record.identifier_key is None:
            raise MailError("no_identifier_key", "a mail without its own unsubscribe link")
        who = {
            "identifier_key": record.identifier_key,
            "channel": CHANNEL,
            "purpose": self._context.purpose,
        }
        links = Links(
            unsubscribe=unsubscribe_url(settings.links_url, self._keys, **who),
            preferences=preferences_url(settings.links_url, self._keys, **who),
        )
        rendered = self._renderer.render(
            self._message(payload),
            variant=_text(payload.get("variant")),
            locale=_text(payload.get("locale")),
            values=payload,
            links=links,
        )
        domain = settings.sender.rpartition("@")[2]
        return rendered, Mail(
            sender_name=self._renderer.registry.brand.sender_name,
            sender=settings.sender,
            recipient_name=_text(payload.get(self._options.to_name or "")) or "",
            recipient=wire_address(_text(payload.get("email")) or ""),
            reply_to=settings.reply_to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            locale=rendered.locale,
            message_id=f"<{record.idempotency_key[:40]}@{domain}>",
            date=datetime.now(UTC),
            unsubscribe_url=links.unsubscribe,
        )

    def _message(self, payload: Mapping[str, object]) -> Message:
        name = self._options.message or _text(payload.get("content_id"))
        messages = self._renderer.registry.messages
        if name is None or name not in messages:
            raise RenderError("unknown_content", "content_id names no message of this brand")
        return messages[name]


def _result(reply: Reply, rendered: Rendered, message_id: str) -> RowResult:
    """What the server's last word means for the row, with what was rendered."""
    code = None if reply.is_accepted else f"smtp_{reply.code}" if reply.code else "answer_lost"
    return RowResult(
        outcome="succeeded" if reply.is_accepted else "rejected" if reply.code else "unknown",
        external_id=message_id if reply.is_accepted else None,
        error_class=code,
        message=None if reply.is_accepted else f"{reply.status} at {reply.stage}",
        is_terminal=500 <= reply.code < 600,
        content_id=rendered.content_id,
        content_version=rendered.content_version,
        variant=rendered.variant,
        message_id=message_id,
    )


def _refused(code: str, message: str) -> RowResult:
    return RowResult("rejected", error_class=code, message=message, is_terminal=True)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _login(settings: SmtpSettings, secrets: Mapping[str, SecretStr]) -> Login | None:
    password = secrets.get("password")
    if (settings.username is None) != (password is None):
        raise ValueError("username in destinations.yml and secret PASSWORD go together")
    if settings.username is None or password is None:
        return None
    return Login(settings.username, password)


def _signer(settings: SmtpSettings, secrets: Mapping[str, SecretStr]) -> Signer | None:
    key = secrets.get("dkim_key")
    if (settings.dkim_selector is None) != (key is None):
        raise ValueError("dkim_selector in destinations.yml and secret DKIM_KEY go together")
    if settings.dkim_selector is None or key is None:
        return None
    domain = settings.dkim_domain or settings.sender.rpartition("@")[2]
    return Signer(domain, settings.dkim_selector, key.get_secret_value().encode())


CONNECTOR = ConnectorType(
    SmtpConnector,
    settings=SmtpSettings,
    options=SmtpOptions,
    optional_secrets=("password", "dkim_key"),
    can_remove=False,
)
