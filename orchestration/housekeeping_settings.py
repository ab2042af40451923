"""Settings of what runs beside the deliveries: how long things are kept, who is told.

Belongs here: their shapes in `tenant.yml`. Does not belong here: keeping or telling
(`activation/outbox.py`, `activation/compaction.py`, `activation/alerts.py`).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Housekeeping(BaseModel):
    """How long things of the deliveries are kept."""

    model_config = ConfigDict(extra="forbid")

    outbox_keep_days: int = Field(
        default=30, ge=1, description="payload files of runs that ended longer ago are deleted"
    )
    history_keep_days: int = Field(
        default=90, ge=1, description="of runs that ended longer ago the ledgers keep the outcome"
    )


class AlertWebhook(BaseModel):
    """Where a message is posted, signed if CROSSWEAVE_ALERTS_WEBHOOK_SECRET is set."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://")


class AlertEmail(BaseModel):
    """A mail server and who gets the message; with a user, CROSSWEAVE_ALERTS_EMAIL_PASSWORD."""

    model_config = ConfigDict(extra="forbid")

    host: str
    port: int = 587
    starttls: bool = True
    user: str | None = None
    sender: str
    to: list[str] = Field(min_length=1)


class Alerts(BaseModel):
    """Who is told when a sync begins to fail, and when it works again."""

    model_config = ConfigDict(extra="forbid")

    webhook: AlertWebhook | None = None
    email: AlertEmail | None = None
