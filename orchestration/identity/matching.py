"""How likely two contacts are one person, by name, birth date and address: a model of Splink.

Belongs here: training and scoring on a table of contacts. Does not belong here: what is compared
(`comparisons.py`), the warehouse, and what becomes of the links (`links.py`).

The model is that of Fellegi and Sunter. How often an attribute agrees by chance (u) is measured on
random pairs; how often it agrees for one person (m) on pairs that identifiers have made one person
already, or, where there are too few of them, by expectation maximisation. Rare names count more.

Families share a surname and an address, so these alone say little within a home. A second
probability is therefore that of two housemates: what tells them apart (first name, birth date),
over how often two contacts of one surname at one address turn out to be one person here. The score
is the smaller of the two. It keeps fathers and sons, twins and couples apart where first names are
reliable, without a rule of thumb.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from orchestration.identity.comparisons import (
    CERTAIN,
    CERTAIN_RECALL,
    affordable_rules,
    splink_settings,
)
from orchestration.warehouse import MEMORY_LIMIT

if TYPE_CHECKING:
    from splink import Linker

LABELLED_PAIRS = 200  # from so many on, m is measured on pairs that identifiers made one person
MIN_CONTACTS = 50
RANDOM_PAIRS = 20_000_000
LEAST_SCORE = 0.5  # pairs below are not even looked at
SCORE_DIGITS = 3


class MatchingUnavailable(RuntimeError):
    """Splink is not installed, or there is too little to learn from; the message says which."""


@dataclass(frozen=True)
class Matches:
    """Scored pairs (contact_a < contact_b, score, at least `LEAST_SCORE`) of different clusters.

    `weights` has one row per comparison and level: how often it agrees for one person (m) and by
    chance (u). `model_version` is a hash of them.
    """

    pairs: pa.Table
    model_version: str
    trained_on: str
    housemate_share: float
    weights: tuple[tuple[str, str, float, float], ...]

    def text(self) -> str:
        """Lines for a terminal; no value of a contact is among them."""
        lines = [
            f"model {self.model_version}, {self.trained_on}; of two contacts of one surname at one "
            f"address {self.housemate_share:.1%} are one person",
            f"  {'':14}{'':26}{'one person':>11}{'by chance':>11}{'bits':>7}",
        ]
        for comparison, level, m, u in self.weights:
            bits = math.log2(m / u)
            lines.append(f"  {comparison:14}{level:26}{m:11.4f}{u:11.6f}{bits:+7.1f}")
        return "\n".join(lines)


def score_pairs(
    contacts: pa.Table, *, scratch: Path, progress: Callable[[str], None] = lambda _: None
) -> Matches:
    """Score the pairs of contacts that may be one person, but for those of one cluster.

    `contacts` has `contact_id` and `cluster_id` (integers) and the text columns of
    `comparisons.CONTACT_COLUMNS` (birth_date as yyyy-mm-dd), null where unknown. `scratch` is a
    folder that DuckDB may spill to. The order of rows is irrelevant. Raises `MatchingUnavailable`.
    """
    _require_splink()
    if contacts.num_rows < MIN_CONTACTS:
        raise MatchingUnavailable(
            f"{contacts.num_rows} contacts are too few to learn from (at least {MIN_CONTACTS})"
        )
    with duckdb.connect() as connection:
        connection.execute(f"set temp_directory = '{scratch}'")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set enable_progress_bar = false")
        connection.register("given", contacts)
        connection.execute("create table contacts as select * from given order by contact_id")
        connection.unregister("given")
        return _scored(connection, progress)


def _require_splink() -> None:
    try:
        import splink  # noqa: F401
    except ImportError as error:
        raise MatchingUnavailable(
            "splink is not installed: pip install 'splink==5.0.0' (extra probabilistic of "
            "pyproject.toml; `make install` brings it)"
        ) from error
    logging.getLogger("splink").setLevel(logging.ERROR)  # it would show SQL and values


def _scored(connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> Matches:

    rules = affordable_rules(connection, progress)
    trainer = _linker(connection, splink_settings(rules))
    trained_on = _train(trainer, _labelled_pairs(connection))
    settings = _with_every_level(trainer.misc.save_model_to_json())
    weights = tuple(_weights(settings))
    share = _housemate_share(connection, weights)
    progress(f"{trained_on}; comparing pairs")
    linker: Linker = _linker(connection, settings)
    found = linker.inference.predict(threshold_match_probability=LEAST_SCORE)
    odds = math.log2(share / (1 - share))
    personal = f"(mw_first_name + mw_tf_adj_first_name + mw_birth_date + {odds!r})"
    pairs = connection.execute(
        f"""
        select contact_a, contact_b, score from (
            select
                least(contact_id_l, contact_id_r) as contact_a,
                greatest(contact_id_l, contact_id_r) as contact_b,
                -- rounded down: the last bits depend on the order of a sum
                floor(least(match_probability, 1 - 1 / (1 + pow(2, {personal}))) * 1e{SCORE_DIGITS})
                    / 1e{SCORE_DIGITS} as score
            from {found.physical_name}
        ) as scored
        where score >= {LEAST_SCORE}
        order by contact_a, contact_b
        """
    ).to_arrow_table()
    told = [[c, level, round(m, 6), round(u, 9)] for c, level, m, u in weights]
    version = hashlib.sha256(json.dumps([told, round(share, 6), rules]).encode()).hexdigest()[:12]
    return Matches(pairs, version, trained_on, share, weights)


def _linker(connection: duckdb.DuckDBPyConnection, settings: Any) -> Linker:
    from splink import DuckDBAPI, Linker

    return Linker(DuckDBAPI(connection).register("contacts"), settings, log_level=logging.ERROR)


def _labelled_pairs(connection: duckdb.DuckDBPyConnection) -> int:
    ((count,),) = connection.execute(
        "select coalesce(sum(size * (size - 1) / 2), 0) from "
        "(select count(*) as size from contacts group by cluster_id)"
    ).fetchall()
    return int(count)


def _train(linker: Linker, labelled: int) -> str:
    from splink import block_on

    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on(*columns) for columns in CERTAIN], recall=CERTAIN_RECALL
    )
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1)
    if labelled >= LABELLED_PAIRS:
        training.estimate_m_from_label_column("cluster_id")
        return f"m from {labelled:,} pairs that identifiers join"
    try:
        for columns in (("first_name", "last_name"), ("birth_date",)):
            training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    except ValueError as error:
        raise MatchingUnavailable(
            f"only {labelled} pairs of contacts that identifiers join, and too few duplicates for "
            "expectation maximisation: nothing to learn from"
        ) from error
    return "m by expectation maximisation"


def _with_every_level(settings: dict[str, Any]) -> dict[str, Any]:
    """The trained settings; a level that no pair had is as rare as one in many pairs can be."""
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level.get("is_null_level"):
                continue
            for name, least in (("m_probability", 1e-4), ("u_probability", 1e-7)):
                value = level.get(name)
                level[name] = max(value, least) if isinstance(value, float) else least
    return settings


def _weights(settings: dict[str, Any]) -> list[tuple[str, str, float, float]]:
    return [
        (
            comparison["output_column_name"],
            level.get("label_for_charts", "")[:25],
            float(level["m_probability"]),
            float(level["u_probability"]),
        )
        for comparison in settings["comparisons"]
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    ]


def _housemate_share(
    connection: duckdb.DuckDBPyConnection, weights: tuple[tuple[str, str, float, float], ...]
) -> float:
    """Of pairs of one surname at one address and of two clusters, the share that is one person.

    Their first names agree with probability m where they are and u where they are not, so the
    share of those that agree tells; one agreeing and one other pair are added, for small tenants.
    """
    ((pairs, agreeing),) = connection.execute(
        """
        select count(*), count(case when a.first_name = b.first_name then 1 end)
        from contacts as a
        inner join contacts as b
            on a.last_name = b.last_name and a.street = b.street and a.postal_code = b.postal_code
        where a.contact_id < b.contact_id and a.cluster_id <> b.cluster_id
            and a.first_name is not null and b.first_name is not null
        """
    ).fetchall()
    _, _, m, u = next(row for row in weights if row[0] == "first_name")
    share = ((agreeing + 1) / (pairs + 2) - u) / (m - u)
    return min(max(share, 0.001), 0.999)
