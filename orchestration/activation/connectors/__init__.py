"""The connectors: one file each, no SQL, no Dagster.

Belongs here: the list of connectors by the name that `destinations.yml` uses.
A new connector is one module that speaks `base.Connector`, and one line below.
"""

from __future__ import annotations

from orchestration.activation.connectors import (
    file,
    google_audience,
    meta_audience,
    postgres,
    sftp,
    smtp,
    webhook,
)
from orchestration.activation.connectors.base import Connector, ConnectorContext, ConnectorType

CONNECTORS: dict[str, ConnectorType] = {
    "file": file.CONNECTOR,
    "google_audience": google_audience.CONNECTOR,
    "meta_audience": meta_audience.CONNECTOR,
    "postgres": postgres.CONNECTOR,
    "sftp": sftp.CONNECTOR,
    "smtp": smtp.CONNECTOR,
    "webhook": webhook.CONNECTOR,
}


def open_connector(connector: str, context: ConnectorContext) -> Connector:
    """Open a connector of this name for one run."""
    return CONNECTORS[connector].open(context)
