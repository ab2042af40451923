"""A process that mails and kills itself (SIGKILL) at a chosen moment of the third mail.

    python -m tests.orchestration.mail_killed <data folder> <stage>

Used by test_sync_mail_kill.py only; stages are named in `STAGES`.
"""

from __future__ import annotations

import os
import signal
import smtplib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from orchestration.activation import run_sync
from orchestration.activation.connectors.base import Record, RowResult
from orchestration.activation.connectors.smtp import SmtpConnector
from orchestration.activation.connectors.smtp_session import Reply, Session
from tests.mail_brand import mail_paths, mail_sync
from tests.orchestration.sync_killed import connect

STAGES = (
    "before the mail", "before the dot", "after the dot", "between two mails", "before the receipt",
)  # fmt: skip
THIRD, PEOPLE = 3, 6


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("unreachable")


def _run(folder: Path, stage: str) -> None:
    mails = 0
    deliver, send, answer = Session.deliver, smtplib.SMTP.send, SmtpConnector.send

    def doomed_deliver(
        self: Session,
        recipient: str,
        mail: bytes,
        *,
        utf8: bool = False,
        before_dot: Callable[[], None],
    ) -> Reply:
        nonlocal mails
        mails += 1
        if mails == THIRD and stage == "before the mail":
            _die()
        return deliver(self, recipient, mail, utf8=utf8, before_dot=before_dot)

    def doomed_send(self: smtplib.SMTP, text: str | bytes) -> None:
        is_dot = mails == THIRD and text == b".\r\n"
        if is_dot and stage == "before the dot":
            _die()
        send(self, text)
        if is_dot and stage == "after the dot":
            time.sleep(1)  # the server takes it over meanwhile
            _die()

    def doomed_answer(self: SmtpConnector, batch: Sequence[Record]) -> list[RowResult]:
        results = answer(self, batch)
        if mails == (THIRD if stage == "between two mails" else PEOPLE) and stage in STAGES[3:]:
            _die()
        return results

    Session.deliver = doomed_deliver  # type: ignore[method-assign]
    smtplib.SMTP.send = doomed_send  # type: ignore[method-assign,assignment]
    SmtpConnector.send = doomed_answer  # type: ignore[method-assign]
    with connect(folder).connect() as connection:
        run_sync(connection, mail_sync(), paths=mail_paths(folder), run_id="killed")


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2])
