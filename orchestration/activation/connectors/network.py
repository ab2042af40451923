"""Which hosts are this machine.

Belongs here: the one rule by which connectors say `is_local`; outside `prod` the gate lets nothing
go to any other destination. Does not belong here: connections.
"""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine.

    Names are not looked up, for what they mean may change between two looks: `localhost` is the
    only name that counts.
    """
    name = host.strip().strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
