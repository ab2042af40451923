"""A real SMTP server for tests (aiosmtpd), with faults that a test asks for.

Belongs here: the server on a free port of this machine, its certificate, what it took over, and the
faults. Does not belong here: expectations.
"""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# What may be said instead of 250, by stage; `abort` ends the connection without a word.
ABORT = "abort"


@dataclass
class Received:
    """One mail that the server took over."""

    recipient: str
    content: bytes
    is_encrypted: bool

    @property
    def mail(self) -> EmailMessage:
        """As the library reads it."""
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]


@dataclass
class Post:
    """A running server: `received` in order, and the faults, which tests may change at any time.

    Each fault is given the recipient's address and says what to answer, or None for nothing odd.
    `at_data` comes right after DATA was asked for, `at_dot` after the final dot: an answer there
    means that the mail was not taken over, but for `lose_answer`, which takes it and says nothing.
    """

    at_mail: Callable[[], str | None] = lambda: None
    at_recipient: Callable[[str], str | None] = lambda recipient: None
    at_data: Callable[[str], str | None] = lambda recipient: None
    at_dot: Callable[[str], str | None] = lambda recipient: None
    lose_answer: Callable[[str], bool] = lambda recipient: False
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    credentials: tuple[str, str] | None = None

    @property
    def arrived(self) -> Counter[str]:
        """How often each address got a mail."""
        return Counter(item.recipient for item in self.received)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_mail()
        if answer is None:
            envelope.mail_from = address
            return "250 OK"
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_recipient(address)
        if answer == ABORT:
            server.transport.abort()
            return ""
        if answer is None:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        answer = self.at_dot(recipient)
        if answer == ABORT:
            server.transport.abort()
            return ""
        if answer is not None:
            return answer
        content = envelope.original_content or b""
        self.received.append(Received(recipient, content, session.ssl is not None))
        if self.lose_answer(recipient):
            server.transport.abort()
        return "250 2.0.0 taken"


class _Server(SMTP):
    """Counts connections, and may end one right after it said that it is ready for the mail."""

    def connection_made(self, transport: object) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)  # type: ignore[arg-type]

    async def push(self, status: str | bytes) -> None:
        text = status if isinstance(status, str) else status.decode()
        if text.startswith("354") and self.envelope.rcpt_tos:
            answer = self.event_handler.at_data(self.envelope.rcpt_tos[0])
            if answer == ABORT:
                await super().push(status)
                self.transport.abort()
                return
        await super().push(status)
        if text.startswith("421"):
            self.transport.close()


@contextmanager
def smtp_server(
    *,
    certificate: tuple[Path, Path] | None = None,
    implicit_tls: bool = False,
    credentials: tuple[str, str] | None = None,
) -> Generator[Post]:
    """Start a server; with a certificate it wants STARTTLS (or speaks TLS from the first byte).

    With credentials it wants them before a mail.
    """
    post = Post(credentials=credentials)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    def check(
        server: object, session: object, envelope: object, kind: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == credentials, handled=False)

    class _Controller(Controller):
        def factory(self) -> SMTP:
            return _Server(
                post,
                hostname="post.example.com",
                enable_SMTPUTF8=True,
                tls_context=None if implicit_tls else context,
                require_starttls=context is not None and not implicit_tls,
                authenticator=check if credentials else None,
                auth_required=credentials is not None,
                auth_require_tls=context is not None and not implicit_tls,
            )

    controller = _Controller(
        post,
        hostname="127.0.0.1",
        port=_free_port(),
        ssl_context=context if implicit_tls else None,
        ready_timeout=20,
    )
    controller.start()
    post.port, post.connections = controller.port, 0  # the library has looked in once
    try:
        yield post
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = (folder / "certificate.pem", folder / "key.pem")
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
