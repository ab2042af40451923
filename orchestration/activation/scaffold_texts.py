"""What the scaffold of a sync writes: the payload view, its YAML, the sync document.

Belongs here: their texts, as pure functions of what was asked for. Does not belong here: files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MEANINGS = {
    "person_id": "Key of the record",
    "identifier_key": "Keyed hash of the address that is used; read by the gate, not sent",
    "email": "Address, normalised",
    "first_name": "Given name",
    "language_code": "ISO 639-1",
    "segment": "Segment that made the record",
}


@dataclass(frozen=True)
class NewSync:
    """What somebody asks for; `priority_list` makes its members those of a list."""

    segment: str
    destination: str
    name: str
    priority_list: str | None = None
    channel: str = "email"
    purpose: str | None = None
    mode: str = "mirror"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sync(self) -> str:
        return f"{self.name}_{self.destination}"

    @property
    def model(self) -> str:
        return f"act_{self.destination}__{self.name}"


def payload_sql(new: NewSync) -> str:
    """The payload view, in the style of the project."""
    if new.priority_list is None:
        relation, conditions = "membership", ["exited_at is null"]
        whose = f"segment {new.segment}"
    else:
        relation, conditions = "priority_membership", [f"priority_list = '{new.priority_list}'"]
        whose = f"segment {new.segment} of list {new.priority_list}"
    wheres = [f"segment = '{new.segment}'", *conditions, "not is_holdout"]
    where = "\n        and ".join(wheres)
    columns = ",\n        ".join(
        f"{'members' if column in ('person_id', 'segment') else 'recipients'}.{column}"
        for column in MEANINGS
    )
    return f"""-- Grain: one row per member of {whose}
-- who may be sent e-mail, holdout left out.
with

members as (

    select
        person_id,
        segment
    from {{{{ ref('{relation}') }}}}
    where
        {where}

),

recipients as (

    select * from {{{{ ref('int_activation__email_recipients') }}}}

),

final as (

    select
        {columns}
    from members
    inner join recipients on members.person_id = recipients.person_id

)

select * from final
"""


def described(new: NewSync, *, owner: str, purpose: str) -> str:
    """Columns, tests and exposure of the view."""
    tests = {
        "person_id": ", data_tests: [unique, not_null]",
        "identifier_key": ", data_tests: [not_null]",
        "email": ", data_tests: [not_null]",
    }
    columns = "\n".join(
        f'      - {{name: {name}, data_type: string, description: "{meaning}"'
        f"{tests.get(name, '')}}}"
        for name, meaning in MEANINGS.items()
    )
    return f"""version: 2

models:
  - name: {new.model}
    description: One row per member of segment {new.segment} who may be sent e-mail.
    config: {{contract: {{enforced: true}}, meta: {{owner: {owner}, purpose: {purpose}}}}}
    columns:
{columns}

# What leaves the house: every payload view is in an exposure.
exposures:
  - name: {new.sync}
    type: application
    maturity: medium
    description: Sync {new.sync}; segment {new.segment} to {new.destination}.
    owner: {{name: {owner}, email: {owner}@example.com}}
    depends_on: [ref('{new.model}')]
"""


def document_of(new: NewSync, purpose: str) -> dict[str, Any]:
    """The sync document, with a mapping test of one person."""
    given = {
        "person_id": "p1",
        "identifier_key": "k1",
        "email": "anna@example.com",
        "first_name": "Anna",
        "language_code": "de",
        "segment": new.segment,
    }
    expect = {name: value for name, value in given.items() if name != "identifier_key"}
    return {
        "sync": new.sync,
        "description": f"Segment {new.segment} to {new.destination}",
        "model": new.model,
        "destination": new.destination,
        **({"options": dict(new.options)} if new.options else {}),
        "channel": new.channel,
        "mode": new.mode,
        "key": "person_id",
        "purpose": purpose,
        "guards": {"max_remove_pct": 20, "min_source_rows": 1},
        "tests": [{"given": given, "expect": expect}],
    }
