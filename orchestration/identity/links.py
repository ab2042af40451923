"""The probabilistic pass: contacts of the warehouse in, links that the graph may use out.

Belongs here: which contacts are compared (SQL), and `ops.probabilistic_links`, the table of links.
Does not belong here: how likely two contacts are one person (`matching.py`).

Links are state like a steward's rules: they stay until the next pass and take effect with the next
build, which is a full one where they changed. A pass compares the clusters that identifiers alone
make, never what earlier links made of them, so two passes over the same contacts give the same
links. The table has keys and scores, no clear value; clear values are in memory, and in a scratch
folder beside the warehouse while the pass lasts.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.identity.comparisons import CONTACT_COLUMNS
from orchestration.identity.matching import Matches, score_pairs

SCRATCH_PREFIX = ".links-"
PLACEHOLDERS = ("unknown", "unbekannt", "n/a", "na", "none", "null", "test", "-", "x", "xxx")

# A contact is the strongest person identifier of its record that links; of several records that
# have it, the one that says most, then the newest.
_CONTACTS = """
with

strongest as (

    select
        contacts.record_key,
        min(observations.identifier_number) as contact_id
    from (select distinct record_key from pii.int_contracts__contacts) as contacts
    inner join intermediate.int_identity__records as records
        on contacts.record_key = records.record_key
    inner join intermediate.int_identity__known_observations as observations
        on records.set_key = observations.set_key
    inner join intermediate.int_identity__vertices as vertices
        on observations.identifier_number = vertices.identifier_number
    where vertices.scope = 'person'
    group by contacts.record_key

),

cleaned as (

    select
        strongest.contact_id,
        contacts.record_key,
        contacts.updated_at,
        contacts.loaded_at,
        {cleaned}
    from pii.int_contracts__contacts as contacts
    inner join strongest on contacts.record_key = strongest.record_key
    where contacts.superseded_at is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by contact_id
            order by
                {known_count} desc, updated_at desc, loaded_at desc,
                concat_ws('|', {columns}), record_key
        ) as place
    from cleaned

)

select
    ranked.contact_id,
    coalesce(limited.cluster_id, components.component_id, ranked.contact_id) as cluster_id,
    ranked.loaded_at,
    {columns}
from ranked
left join intermediate.int_identity__components as components
    on ranked.contact_id = components.vertex_id
left join intermediate.int_identity__limited as limited
    on ranked.contact_id = limited.vertex_id
where
    ranked.place = 1
    and ranked.last_name is not null
    and (ranked.first_name is not null or ranked.birth_date is not null)
"""


@dataclass(frozen=True)
class LinkReport:
    """What a pass did: contacts compared; links kept, and how many are new or gone since."""

    contacts: int
    links: int
    least_score: float
    new: int
    gone: int
    matches: Matches

    def text(self) -> str:
        """Lines for a terminal; no clear value."""
        kept = f"{self.links:,} links of score {self.least_score} and more"
        changes = f"{self.new:,} new, {self.gone:,} gone"
        return f"{self.contacts:,} contacts compared, {kept} ({changes})\n{self.matches.text()}"


def link_contacts(
    connection: duckdb.DuckDBPyConnection,
    *,
    scratch: Path,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> LinkReport:
    """Score the contacts of the warehouse and put the links in place of those of the last pass.

    Kept are links that some level of identity (seed identity_levels) may use.
    `scratch` is an existing folder that only the owner may read. Raises `MatchingUnavailable`
    (Splink missing, too few contacts) and leaves the links as they were.
    """
    ((least_score,),) = connection.execute(
        "select min(min_confidence) from seeds.identity_levels"
    ).fetchall()
    cleaned = ", ".join(
        "cast(birth_date as varchar) as birth_date" if name == "birth_date" else _clean(name)
        for name in CONTACT_COLUMNS
    )
    known = " + ".join(f"cast({name} is not null as integer)" for name in CONTACT_COLUMNS)
    connection.execute(
        "create or replace temp table linked_contacts as "
        + _CONTACTS.format(cleaned=cleaned, known_count=known, columns=", ".join(CONTACT_COLUMNS))
    )
    contacts = connection.execute(
        "select * exclude (loaded_at) from linked_contacts order by contact_id"
    ).to_arrow_table()
    for left_by_a_killed_pass in scratch.glob(f"{SCRATCH_PREFIX}*"):
        shutil.rmtree(left_by_a_killed_pass)
    with tempfile.TemporaryDirectory(dir=scratch, prefix=SCRATCH_PREFIX) as folder:
        matches = score_pairs(contacts, scratch=Path(folder), progress=progress)
    connection.register("scored", matches.pairs)
    connection.execute(
        """
        create or replace temp table found_links as
        select
            least(keys_a.identifier_key, keys_b.identifier_key) as identifier_key_a,
            greatest(keys_a.identifier_key, keys_b.identifier_key) as identifier_key_b,
            scored.score,
            $model_version as model_version,
            greatest(contacts_a.loaded_at, contacts_b.loaded_at) as known_from,
            (select as_of from ops.settings) as found_at
        from scored
        inner join linked_contacts as contacts_a on contacts_a.contact_id = scored.contact_a
        inner join linked_contacts as contacts_b on contacts_b.contact_id = scored.contact_b
        inner join intermediate.int_identity__keys as keys_a
            on keys_a.identifier_number = scored.contact_a
        inner join intermediate.int_identity__keys as keys_b
            on keys_b.identifier_number = scored.contact_b
        where scored.score >= $least
        """,
        {"model_version": matches.model_version, "least": least_score},
    )
    connection.unregister("scored")
    connection.execute("drop table linked_contacts")
    ((links, new, gone),) = connection.execute(
        """
        select
            count(found.score),
            count(case when kept.score is null then 1 end),
            count(case when found.score is null then 1 end)
        from found_links as found
        full outer join ops.probabilistic_links as kept
            using (identifier_key_a, identifier_key_b)
        """
    ).fetchall()
    if not dry_run:
        connection.execute("begin")
        connection.execute("delete from ops.probabilistic_links")
        connection.execute(
            "insert into ops.probabilistic_links by name "
            "select * from found_links order by identifier_key_a, identifier_key_b"
        )
        connection.execute("commit")
    connection.execute("drop table found_links")
    return LinkReport(contacts.num_rows, links, least_score, new, gone, matches)


def drop_links(connection: duckdb.DuckDBPyConnection) -> int:
    """Forget every link; the next build is as if there had never been a pass. Returns how many."""
    ((count,),) = connection.execute("select count(*) from ops.probabilistic_links").fetchall()
    connection.execute("delete from ops.probabilistic_links")
    return count


def _clean(column: str) -> str:
    """Lower case, no accents, single blanks; what is empty or stands for nothing is unknown."""
    text = f"trim(regexp_replace(strip_accents(lower({column})), '\\s+', ' ', 'g'))"
    unknown = ", ".join(f"'{word}'" for word in ("", *PLACEHOLDERS))
    return f"case when {text} not in ({unknown}) then {text} end as {column}"
