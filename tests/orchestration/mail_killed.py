"""A process that mails and kills itself (SIGKILL) at a chosen moment of the third mail.

    python -m tests.orchestration.mail_killed <data folder> <stage>

Used by test_sync_mail_kill.py only; stages are named in `STAGES`.
"""

from __future__ import annotations

import os
import signal
import smtplib
import sys
from pathlib import Path
from typing import NoReturn

from orchestration.activation import run_sync
from orchestration.activation.connectors.smtp_session import Reply, Session
from tests.mail_brand import mail_paths, mail_sync
from tests.orchestration.sync_killed import connect

STAGES = ("before the mail", "before the dot", "after the dot", "between two mails")
THIRD = 3


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("unreachable")


def _run(folder: Path, stage: str) -> None:
    mails = 0
    deliver, send = Session.deliver, smtplib.SMTP.send

    def doomed_deliver(self: Session, recipient: str, mail: bytes, *, utf8: bool = False) -> Reply:
        nonlocal mails
        mails += 1
        if mails == THIRD and stage == "before the mail":
            _die()
        reply = deliver(self, recipient, mail, utf8=utf8)
        if mails == THIRD and stage == "after the dot":
            _die()
        return reply

    def doomed_send(self: smtplib.SMTP, text: str | bytes) -> None:
        if mails == THIRD and stage == "before the dot" and text == b".\r\n":
            _die()
        send(self, text)

    def progress(done: int, total: int) -> None:
        if done == THIRD and stage == "between two mails":
            _die()

    Session.deliver = doomed_deliver  # type: ignore[method-assign]
    smtplib.SMTP.send = doomed_send  # type: ignore[method-assign,assignment]
    with connect(folder).connect() as connection:
        run_sync(
            connection, mail_sync(), paths=mail_paths(folder), run_id="killed", progress=progress
        )


if __name__ == "__main__":
    _run(Path(sys.argv[1]), sys.argv[2])
