"""What other rules would do to persons: the graph built with them in a copy of the warehouse.

The copy is built by the same models as the warehouse itself, and its ledger says what happened. So
whatever stands in seeds, macros and tenant.yml now is what is tried, and a steward's rule besides.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass

import duckdb

from orchestration.dbt import export_environment, run_dbt
from orchestration.identity.steward import Rule, keep_rule, withdraw_rule
from orchestration.rules import refresh_rules
from orchestration.state import open_warehouse
from orchestration.warehouse import Warehouse

SHOWN_EVENTS = 20


@dataclass(frozen=True)
class Preview:
    """What would happen: events of the ledger, and what of the present hangs on those persons.

    `revenue_amount` is the net revenue of orders of touched persons, in the tenant's currency;
    `audiences` counts touched members per segment.
    """

    events: tuple[tuple[str, str, str | None], ...]
    person_count: int
    touched_count: int
    order_count: int
    revenue_amount: float
    currency: str
    audiences: dict[str, int]

    def text(self) -> str:
        """Lines for a terminal."""
        if not self.events:
            return f"nothing would change for the {self.person_count:,} persons of the last build"
        counts = Counter(event for event, *_ in self.events)
        told = ", ".join(f"{count:,} {event}" for event, count in sorted(counts.items()))
        lines = [
            f"{self.touched_count:,} of {self.person_count:,} persons touched: {told}",
            f"  {self.order_count:,} orders of theirs, {self.revenue_amount:,.2f} {self.currency}",
        ]
        lines += [f"  {count:,} members of {name}" for name, count in self.audiences.items()]
        for event, person, other in self.events[:SHOWN_EVENTS]:
            word = {"merged": " into ", "split": " out of "}.get(event, "")
            lines.append(f"  {event} {person}{word}{other or ''}")
        if len(self.events) > SHOWN_EVENTS:
            lines.append(f"  and {len(self.events) - SHOWN_EVENTS:,} more")
        return "\n".join(lines)


def preview(rule: Rule | None = None, without: str | None = None) -> Preview:
    """Build the identity graph of the current tenant in a copy, with one rule more or one less.

    Raises `DbtError` when the build fails.
    """
    settings, paths = export_environment()
    # dbt knows the database by the name before the first dot
    copy = paths.warehouse.with_name(f"{paths.warehouse.stem}.preview-{os.getpid()}.duckdb")
    with Warehouse(paths.warehouse).connect() as connection:
        connection.execute("checkpoint")
        shutil.copyfile(paths.warehouse, copy)
    copy.chmod(0o600)
    try:
        with duckdb.connect(str(copy)) as connection:
            open_warehouse(connection, paths.state)
            if rule:
                keep_rule(connection, rule)
            if without:
                withdraw_rule(connection, without)
            refresh_rules(connection, settings, paths)
            since = connection.execute(
                "select coalesce(max(sequence), 0) from ops.person_events"
            ).fetchall()[0][0]
        run_dbt(
            "build", "--quiet", "--exclude-resource-type", "test",
            "--exclude-resource-type", "unit_test", "--select", "+int_identity__names",
            CROSSWEAVE_WAREHOUSE=str(copy), CROSSWEAVE_ACCEPT_IDENTITY="1",
        )  # fmt: skip
        with duckdb.connect(str(copy)) as connection:
            return _measured(connection, since, settings.currency)
    finally:
        for leftover in copy.parent.glob(f"{copy.name}*"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _measured(connection: duckdb.DuckDBPyConnection, since: int, currency: str) -> Preview:
    events = connection.execute(
        "select event, person_id, other_person_id from ops.person_events where sequence > ? "
        "order by event, person_id",
        [since],
    ).fetchall()
    # the marts of the copy are still those of the warehouse
    connection.execute(
        """
        create temp table touched as
        select person_id from ops.person_events where sequence > $1
        union
        select other_person_id from ops.person_events
        where sequence > $1 and other_person_id is not null
        """,
        [since],
    )
    (person_count,) = connection.execute("select count(*) from identity.persons").fetchall()[0]
    (touched,) = connection.execute(
        "select count(*) from touched inner join identity.persons using (person_id)"
    ).fetchall()[0]
    orders, revenue = connection.execute(
        "select count(*), coalesce(sum(net_revenue_amount), 0) from core.fct_orders "
        "where person_id in (select person_id from touched)"
    ).fetchall()[0]
    audiences = connection.execute(
        "select segment, count(*) from segments.membership where exited_at is null "
        "and person_id in (select person_id from touched) group by segment order by segment"
    ).fetchall()
    return Preview(
        tuple(events), person_count, touched, orders, float(revenue), currency, dict(audiences)
    )
