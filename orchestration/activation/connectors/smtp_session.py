"""The conversation with a mail server: one connection that is kept, one mail after the other.

Belongs here: connecting with TLS, logging in, the commands of one mail, and telling exactly whether
a mail can have arrived. Does not belong here: what a mail says, what a reply means for a row.

The final dot is sent apart from the mail. Whatever fails before it is handed over has not arrived
(RFC 5321, 4.1.1.4: a server must not act on a mail without it); what fails after it may have.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import SecretStr

from orchestration.activation.connectors.base import DestinationDown, NotDelivered

Stage = Literal["MAIL", "RCPT", "DATA", "end of DATA"]
# So often in a row no connection: the server is down for this run.
PATIENCE = 8
CLOSING = 421
NO_MAIL_HERE = 521
_STATUS = re.compile(rb"^\d\.\d{1,3}\.\d{1,3}\b")
# Enhanced codes (IANA) that speak of the sender, its proofs or the whole server, at whatever stage.
_OF_ALL = {"5.1.7", "5.1.8", "5.3.2", "5.7.8", "5.7.9", "5.7.11"} | {
    f"5.7.{detail}" for detail in (20, 21, 22, 23, 25, 26, 27)
}


@dataclass(frozen=True)
class Login:
    """A name and password at the server."""

    username: str
    password: SecretStr


@dataclass(frozen=True)
class Reply:
    """The server's last word on a mail; `code` 0: the connection was lost after the final dot.

    `status` is the code with the enhanced one, if there is one (550/5.1.1): never the server's
    prose, which may quote the address. `is_of_all`: refused for good for what is the same in every
    mail, so that none would fare better: sender, proofs of it, session.
    """

    code: int
    status: str
    stage: Stage
    is_of_all: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether the server took the mail over."""
        return self.stage == "end of DATA" and 200 <= self.code < 300


class _Lost(Exception):
    """The connection is gone, or the server closes it."""


class Session:
    """One server, one connection at a time. Closes with `close`, or when collected."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: Literal["starttls", "implicit", "none"],
        login: Login | None,
        sender: str,
        timeout_s: float,
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._login, self._sender, self._timeout_s = login, sender, timeout_s
        self._server: smtplib.SMTP | None = None
        self._leave: weakref.finalize | None = None
        self._failures = 0

    def deliver(
        self,
        recipient: str,
        mail: bytes,
        *,
        utf8: bool = False,
        before_dot: Callable[[], None] = lambda: None,
    ) -> Reply:
        """Hand one mail over; the server's word for it. `before_dot` is called right before it.

        Raises `NotDelivered` when it surely did not arrive and no word was given, and
        `DestinationDown` when no other mail can fare better.
        """
        server = self._connected()
        try:
            reply = self._converse(server, recipient, utf8)
            return reply if reply.code != 354 else self._hand_over(server, mail, before_dot)
        except _Lost as error:
            self._drop()
            raise NotDelivered(str(error)) from None

    def close(self) -> None:
        """Say QUIT, whatever comes of it."""
        self._drop(politely=True)

    def _converse(self, server: smtplib.SMTP, recipient: str, utf8: bool) -> Reply:
        """Everything up to the mail; 354 when the server waits for it."""
        if utf8 and not server.has_extn("smtputf8"):
            return Reply(553, "553/5.6.7 (the server takes no SMTPUTF8)", "RCPT")
        options = " SMTPUTF8 BODY=8BITMIME" if utf8 else ""
        server.command_encoding = "utf-8" if utf8 else "ascii"
        reply = self._say(server, f"MAIL FROM:<{self._sender}>{options}", "MAIL")
        if reply.code != 250:
            about_option = utf8 and (reply.code == 555 or reply.status.endswith("/5.6.7"))
            return self._undone(
                server, replace(reply, is_of_all=reply.code >= 500 and not about_option)
            )
        reply = self._say(server, f"RCPT TO:<{recipient}>", "RCPT")
        if reply.code not in (250, 251):
            return self._undone(server, reply)
        reply = self._say(server, "DATA", "DATA")
        return reply if reply.code == 354 else self._undone(server, reply)

    def _hand_over(
        self, server: smtplib.SMTP, mail: bytes, before_dot: Callable[[], None]
    ) -> Reply:
        """The mail, then the dot, then the answer."""
        text = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
        try:
            server.send(re.sub(rb"(?m)^\.", b"..", text))
        except (OSError, smtplib.SMTPException) as error:
            raise _Lost(f"lost within DATA: {type(error).__name__}") from None
        try:
            before_dot()
        except BaseException:  # without the dot the server forgets the mail
            self._drop()
            raise
        try:
            server.send(b".\r\n")
            code, prose = server.getreply()
        except (OSError, smtplib.SMTPException):
            self._drop()
            return Reply(0, "connection lost", "end of DATA")
        if code == CLOSING:
            raise _Lost("421 at end of DATA")
        if not 200 <= code < 600:
            self._drop()
            return Reply(0, "no SMTP reply", "end of DATA")
        return self._reply(code, prose, "end of DATA")

    def _say(self, server: smtplib.SMTP, command: str, stage: Stage) -> Reply:
        try:
            code, prose = server.docmd(command)
        except (OSError, smtplib.SMTPException) as error:
            raise _Lost(f"lost at {stage}: {type(error).__name__}") from None
        if code == CLOSING or not 200 <= code < 600:
            raise _Lost(f"{code} at {stage}")
        if code in (530, 535):
            raise DestinationDown(f"authentication is asked for: {_status(code, prose)}")
        return self._reply(code, prose, stage)

    def _reply(self, code: int, prose: bytes, stage: Stage) -> Reply:
        """Many servers tell only after RCPT whom they refuse, and then name the sender."""
        status = _status(code, prose)
        names_sender = f"<{self._sender}>".lower().encode() in prose.lower()
        is_of_all = code >= 500 and (
            code == NO_MAIL_HERE or names_sender or status.partition("/")[2] in _OF_ALL
        )
        return Reply(code, status, stage, is_of_all)

    def _undone(self, server: smtplib.SMTP, reply: Reply) -> Reply:
        """Clear the mail that was begun, so that the connection can go on."""
        try:
            if server.docmd("RSET")[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return reply

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        server: smtplib.SMTP | None = None
        try:
            server = self._open()
            self._log_in(server)
        except smtplib.SMTPResponseException as error:  # greeting, EHLO, STARTTLS or AUTH
            _abandon(server)
            is_login = isinstance(error, smtplib.SMTPAuthenticationError)
            if 500 <= error.smtp_code < 600:
                refused = "credentials refused" if is_login else "the server refuses us"
                raise DestinationDown(f"{refused}: {error.smtp_code}") from None
            stage = "at AUTH" if is_login else "before any mail"
            raise self._unreachable(f"{error.smtp_code} {stage}") from None
        except (ssl.SSLCertVerificationError, smtplib.SMTPNotSupportedError) as error:
            _abandon(server)
            raise DestinationDown(f"{type(error).__name__}; tls or credentials are wrong") from None
        except (OSError, smtplib.SMTPException) as error:
            _abandon(server)
            raise self._unreachable(type(error).__name__) from None
        self._failures = 0
        self._server = server
        self._leave = weakref.finalize(self, _abandon, server)
        return server

    def _open(self) -> smtplib.SMTP:
        """A greeted and encrypted connection."""
        trust = ssl.create_default_context()
        if self._tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout_s, context=trust
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        try:
            # the dot goes out apart: it would wait for the mail's acknowledgement (40 ms, Nagle)
            assert server.sock is not None
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.ehlo_or_helo_if_needed()
            if self._tls == "starttls":
                server.starttls(context=trust)
                server.ehlo_or_helo_if_needed()
        except BaseException:
            _abandon(server)
            raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self._login is not None:
            server.login(self._login.username, self._login.password.get_secret_value())

    def _unreachable(self, why: str) -> NotDelivered | DestinationDown:
        self._failures += 1
        if self._failures >= PATIENCE:
            return DestinationDown(f"no connection {self._failures} times in a row: {why}")
        return NotDelivered(f"no connection: {why}")

    def _drop(self, *, politely: bool = False) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        if self._leave is not None:
            self._leave.detach()
        if politely:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        _abandon(server)


def _abandon(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with suppress(OSError, smtplib.SMTPException):
            server.close()


def _status(code: int, prose: bytes) -> str:
    """The code, and the enhanced one that the reply begins with: 550/5.1.1."""
    enhanced = _STATUS.match(prose)
    return f"{code}/{enhanced.group().decode()}" if enhanced else str(code)
