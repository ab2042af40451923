"""Connectors against servers: real ones, and stand-ins that speak a vendor's published contract."""
