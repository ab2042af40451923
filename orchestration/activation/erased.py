"""Who is erased, as a condition in SQL: one wording for plan, opening and gate.

Belongs here: that condition. Does not belong here: making tombstones (`orchestration/erasure`).
"""

from __future__ import annotations


def erased_sql(relation: str) -> str:
    """True for a row of an erased person or an erased address; `relation` has both columns."""
    tombstones = "select {} from ops.erasures where lifted_at is null"
    return (
        f"({relation}.identifier_key in ({tombstones.format('identifier_key')}) "
        f"or {relation}.person_id in "
        f"({tombstones.format('person_id')} and person_id is not null))"
    )
