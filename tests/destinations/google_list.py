"""The list at Google's stand-in, held against the ledger.

Belongs here: the sync that fills it, and what the list must hold by what the ledger says. Does not
belong here: what a run is expected to do.
"""

from __future__ import annotations

from tests.destinations.audiences import audience_sync, held
from tests.destinations.google_stand_in import GoogleStandIn, canonical
from tests.destinations.http_server import Server
from tests.syncs import Brand

SYNC = audience_sync("google")


def service(server: Server) -> GoogleStandIn:
    """What is behind the server."""
    assert isinstance(server.service, GoogleStandIn)
    return server.service


def listed(hashes: dict[str, str], persons: set[str]) -> set[str]:
    """What the list holds of these persons when it holds their e-mail hashes and nothing else."""
    return {canonical({"emailAddress": hashes[person]}) for person in persons}


def assert_list_is_ledger(brand: Brand, server: Server, hashes: dict[str, str]) -> None:
    """To the row."""
    assert service(server).members == listed(hashes, held(brand))
