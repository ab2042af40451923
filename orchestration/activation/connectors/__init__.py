"""The destinations: one file each, no SQL, no Dagster.

Belongs here: the list of destinations by the name that a sync document uses.
A new destination is one module that speaks `base.Connector`, and one line below.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.activation.connectors.base import Connector, ConnectorContext
from orchestration.activation.connectors.file import FileConnector

ConnectorFactory = Callable[[ConnectorContext], Connector]

DESTINATIONS: dict[str, ConnectorFactory] = {
    "file": FileConnector,
}


def open_connector(destination: str, context: ConnectorContext) -> Connector:
    """Open the connector of `destination` for one run.

    Raises `KeyError` with the known names when there is none.
    """
    if destination not in DESTINATIONS:
        known = ", ".join(sorted(DESTINATIONS))
        raise KeyError(f"no destination {destination!r}; there are: {known}")
    return DESTINATIONS[destination](context)
