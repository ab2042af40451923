"""One hash of everything that decides what raw rows become: rules of the tenant, SQL and seeds.

Belongs here: what belongs to that hash, and keeping it current in `ops.settings`. Models that build
by increments (`macros/increment.sql`) are built in full when it changed. Leaves that nothing
incremental reads (segments, activation, ml) do not belong to it: an edited segment rebuilds itself.
"""

from __future__ import annotations

import hashlib

import duckdb

from orchestration.ingestion.hash_key import ensure_hash_keys
from orchestration.settings import DBT_PROJECT_DIR, Paths, TenantSettings

LEAVES = {"segments", "activation", "ml"}
NO_MODEL_READS = {"as_of", "caps", "quiet_hours"}


def rules_fingerprint(
    connection: duckdb.DuckDBPyConnection, settings: TenantSettings, paths: Paths
) -> str:
    """SHA-256 (hexadecimal) of the settings that models read, macros, models, seeds, the hash
    key's version, a steward's rules, probabilistic links, what is erased, and the tables that are
    read in place (they change as a whole).
    """
    ensure_hash_keys(connection)
    digest = hashlib.sha256(settings.model_dump_json(exclude=NO_MODEL_READS).encode())
    for root in (DBT_PROJECT_DIR, paths.tenant_folder):
        for folder in ("macros", "models", "seeds"):
            for file in sorted((root / folder).rglob("*")):
                name = file.relative_to(root)
                if file.suffix in {".sql", ".csv"} and not LEAVES & set(name.parts):
                    digest.update(str(name).encode())
                    digest.update(file.read_bytes())
    in_place = [source.name for source in settings.sources if source.kind == "tables"]
    rows = connection.execute(
        "select max(key_version)::varchar from pii.hash_keys union all "
        "(select content_sha256 from ops.landing_files where source in (select unnest(?)) "
        "order by all) union all "
        "(select concat_ws('|', rule, identifier_key_a, identifier_key_b) from ops.manual_rules "
        "order by all) union all "
        "(select concat_ws('|', identifier_key_a, identifier_key_b, score, known_from) "
        "from ops.probabilistic_links order by all) union all "
        "(select identifier_key from ops.erasures where lifted_at is null order by all)",
        [in_place],
    ).fetchall()
    digest.update(repr(rows).encode())
    return digest.hexdigest()


def refresh_rules(
    connection: duckdb.DuckDBPyConnection, settings: TenantSettings, paths: Paths
) -> None:
    """Bring the hash in `ops.settings` up to date, for dbt calls between two landings."""
    connection.execute(
        "update ops.settings set rules_fingerprint = ?",
        [rules_fingerprint(connection, settings, paths)],
    )
