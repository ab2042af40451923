"""The law of delivery: the ledger says what the server says, row by row.

Belongs here: the comparison, for any stand-in that counts what it committed by idempotency key.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.syncs import Brand


def assert_ledger_is_what_arrived(brand: Brand, committed: Mapping[str, int]) -> None:
    """Every ledger entry against the server's own count of what took effect.

    `succeeded` is at the server, `rejected` is not, `unknown` may be either; nothing took effect
    twice, and nothing is at the server that the ledger has never heard of.
    """
    ledger = brand.rows(
        "select idempotency_key, max_by(outcome, sequence), count(*) filter (outcome = 'succeeded')"
        " from ops.activation_delivery_ledger where outcome <> 'blocked' group by 1"
    )
    outcomes = {key: outcome for key, outcome, _ in ledger}
    assert [key for key, _, successes in ledger if successes > 1] == []
    assert [key for key, count in committed.items() if count != 1] == []
    assert set(committed) <= set(outcomes)
    for key, outcome in outcomes.items():
        if outcome != "unknown":
            assert (key in committed) == (outcome == "succeeded"), (key, outcome)


def assert_everything_arrived(brand: Brand, committed: Mapping[str, int]) -> None:
    """As above, and nothing is left open: what succeeded and what is at the server are the same."""
    assert_ledger_is_what_arrived(brand, committed)
    succeeded = brand.rows(
        "select idempotency_key from ops.activation_delivery_ledger where outcome = 'succeeded'"
    )
    assert sorted(key for (key,) in succeeded) == sorted(committed)
