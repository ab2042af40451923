"""The key of all keyed hashes: one row in `pii.hash_keys`, taken from the environment.

SQL joins the table; the key is nowhere in models, logs or compiled files.
"""

from __future__ import annotations

import logging
import os

import duckdb

VARIABLE = "CROSSWEAVE_HASH_KEY"
DEVELOPMENT_KEY = "crossweave-development-key"
MINIMUM_LENGTH = 16
_log = logging.getLogger(__name__)


class HashKeyError(RuntimeError):
    """The hash key is missing, weak, or another one than the warehouse was built with."""


def ensure_hash_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `pii.hash_keys(key_version, hash_key)` empty if it does not exist."""
    connection.execute("create schema if not exists pii")
    connection.execute(
        "create table if not exists pii.hash_keys (key_version integer, hash_key varchar)"
    )


def keep_hash_key(connection: duckdb.DuckDBPyConnection, env: str) -> None:
    """Write the key of CROSSWEAVE_HASH_KEY to `pii.hash_keys` as version 1, once.

    In `dev` a missing variable means a development key, with a warning. Raises `HashKeyError` in
    `prod` when it is missing or weak, and everywhere when it is not the key that is there.
    """
    key = os.environ.get(VARIABLE) or ""
    if env != "dev" and (len(key) < MINIMUM_LENGTH or key == DEVELOPMENT_KEY):
        raise HashKeyError(
            f"set {VARIABLE} to a secret of at least {MINIMUM_LENGTH} characters, the same for "
            "every run of this tenant (for example from: openssl rand -hex 32)"
        )
    ensure_hash_keys(connection)
    kept = connection.execute(
        "select hash_key from pii.hash_keys order by key_version desc limit 1"
    ).fetchone()
    if not key:
        key = DEVELOPMENT_KEY
        if not kept:
            _log.warning("%s is not set: using the development key; hashes are no secret", VARIABLE)
    if not kept:
        connection.execute("insert into pii.hash_keys values (1, ?)", [key])
    elif kept[0] != key:
        raise HashKeyError(
            f"{VARIABLE} is not the key this warehouse was built with: every hash in it would "
            "change its meaning. Set the earlier key, or delete the warehouse file and its state, "
            "and rebuild"
        )
