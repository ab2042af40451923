"""Telling somebody that a sync began to fail, or works again: one message per change, not per run.

Belongs here: what the last run of each sync says, what has changed since a channel was told, and
the two channels: a webhook (signed as Standard Webhooks) and e-mail. Messages hold names of syncs,
counts and the error of a run, which have no personal data. Does not belong here: when to look
(`orchestration/defs/alerts.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage

import duckdb
import httpx

from orchestration.activation.connectors.webhook import sign, signing_key
from orchestration.housekeeping_settings import AlertEmail, Alerts, AlertWebhook
from orchestration.settings import Paths

TIMEOUT_S = 10.0
OK = "ok"
# State by sync, as a channel was told it last; a sync that nobody was told of counts as ok.
Told = Mapping[str, str]


class AlertError(RuntimeError):
    """A channel did not take a message; it is tried again at the next look."""


@dataclass(frozen=True)
class LastRun:
    """The last run of a sync that ended. `state` is `ok` or the status that needs a human."""

    sync: str
    destination: str
    run_id: str
    state: str
    error: str | None
    finished_at: datetime
    planned: int
    succeeded: int
    rejected: int
    blocked: int
    unknown: int
    aborted: int


def last_runs(connection: duckdb.DuckDBPyConnection) -> list[LastRun]:
    """The last run of every sync that ended, by sync; one that is under way counts not yet."""
    rows = connection.execute(
        """
        with

        operations as (

            select *,
                row_number() over (
                    partition by sync, run_id, operation order by sequence desc
                ) as recency,
                min(sequence) over (partition by sync, run_id) as opened
            from ops.activation_sync_runs

        ),

        runs as (

            select
                sync, max(destination) as destination, run_id, max(status) as status,
                max(error) as error, max(finished_at) as finished_at, max(opened) as opened,
                sum(planned), sum(succeeded), sum(rejected), sum(blocked), sum(unknown),
                sum(aborted)
            from operations
            where recency = 1
            group by sync, run_id
            having max(status) <> 'running'

        )

        select * exclude (opened) from runs
        qualify row_number() over (partition by sync order by opened desc) = 1
        order by sync
        """
    ).fetchall()
    return [
        LastRun(
            sync, destination, run_id, OK if status == "succeeded" else status, error, finished_at,
            *(int(count or 0) for count in counts),
        )
        for sync, destination, run_id, status, error, finished_at, *counts in rows
    ]  # fmt: skip


def tell(
    alerts: Alerts,
    runs: list[LastRun],
    told: Mapping[str, Told],
    *,
    paths: Paths,
    clock: Callable[[], float] = time.time,
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Send what changed since each channel was told; what each knows now, and what failed.

    A channel that fails is told again next time, the others are not.
    """
    senders: dict[str, Callable[[LastRun, str], None]] = {}
    if alerts.webhook is not None:
        hook = alerts.webhook
        senders["webhook"] = lambda run, before: _post(hook, run, before, paths, clock())
    if alerts.email is not None:
        mail = alerts.email
        senders["email"] = lambda run, before: _mail(mail, run, before, paths)
    knows: dict[str, dict[str, str]] = {}
    failures = []
    for channel, send in senders.items():
        known = dict(told.get(channel, {}))
        for run in runs:
            before = known.get(run.sync, OK)
            if run.state != before:
                try:
                    send(run, before)
                except AlertError as error:
                    failures.append(f"{channel}: {error}")
                    break
            known[run.sync] = run.state
        knows[channel] = known
    return knows, failures


def _post(hook: AlertWebhook, run: LastRun, before: str, paths: Paths, now: float) -> None:
    """POST the change; `webhook-id` is the same when it is sent again."""
    facts = {**asdict(run), "finished_at": f"{run.finished_at.isoformat()}Z"}
    body = json.dumps(
        {
            "type": "sync.status_changed",
            "timestamp": facts["finished_at"],
            "data": {"tenant": paths.tenant, "env": paths.env, "before": before, **facts},
        }
    ).encode()
    name = "|".join([paths.tenant, paths.env, run.sync, run.run_id, run.state])
    message_id = hashlib.sha256(name.encode()).hexdigest()
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now)),
    }
    secret = os.environ.get("CROSSWEAVE_ALERTS_WEBHOOK_SECRET")
    try:
        if secret:
            headers["webhook-signature"] = sign(signing_key(secret), message_id, int(now), body)
        answer = httpx.post(hook.url, content=body, headers=headers, timeout=TIMEOUT_S)
    except ValueError as error:
        raise AlertError(f"CROSSWEAVE_ALERTS_WEBHOOK_SECRET: {error}") from None
    except httpx.HTTPError as error:
        raise AlertError(type(error).__name__) from None
    if not answer.is_success:
        raise AlertError(f"status {answer.status_code}")


def _mail(mail: AlertEmail, run: LastRun, before: str, paths: Paths) -> None:
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Subject"] = f"{paths.tenant} ({paths.env}): {run.sync} is {run.state}, was {before}"
    facts = {name: value for name, value in asdict(run).items() if value not in (None, 0)}
    message.set_content("\n".join(f"{name}: {value}" for name, value in facts.items()))
    password = os.environ.get("CROSSWEAVE_ALERTS_EMAIL_PASSWORD")
    if mail.user and not password:
        raise AlertError("set CROSSWEAVE_ALERTS_EMAIL_PASSWORD in the environment")
    try:
        with smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S) as server:
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
            if mail.user and password:
                server.login(mail.user, password)
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise AlertError(type(error).__name__) from None
