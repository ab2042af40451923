"""A tenant that has landed nothing: every model of identity and consent builds, typed and empty."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.dbt.canonical_warehouse import CanonicalWarehouse

AS_OF = datetime(2026, 7, 1)


def test_nothing_landed_is_no_error(tmp_path: Path) -> None:
    warehouse = CanonicalWarehouse(tmp_path / "tenant", as_of=AS_OF)
    warehouse.write()
    warehouse.dbt("build", "--select", "+group:identity", "+group:pii", "+consent_current")
    for table in (
        "identity.persons",
        "identity.identifier_person",
        "identity.edges",
        "pii.identifiers",
        "pii.profiles",
        "core.consent_by_identifier",
        "core.consent_current",
        "core.suppressions",
        "intermediate.int_identity__record_persons",
        "intermediate.int_identity__persons_at_cutoff",
    ):
        assert warehouse.query(f"select count(*) from {table}") == [(0,)], table
    assert warehouse.query(
        "select cutoff_at, cutoff_number from intermediate.int_features__cutoffs"
    ) == [(AS_OF, 0)]
    assert warehouse.query(
        "select count(*), sum(value) from identity.quality_daily where metric like 'edges_%'"
    ) == [(8, 0.0)]
