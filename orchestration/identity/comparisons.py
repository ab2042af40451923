"""What two contacts are compared by, and which pairs are compared at all: Splink's settings.

Belongs here: columns, comparisons with their levels, blocking. Does not belong here: training and
scores (`matching.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

CONTACT_COLUMNS = ("first_name", "last_name", "birth_date", "street", "postal_code")
MAX_PAIRS_PER_CONTACT = 50  # of one blocking rule: a rule that compares more is left out

# A pair is compared when it agrees on one of these.
BLOCKING = (
    "l.birth_date = r.birth_date",
    "l.first_name = r.first_name and l.last_name = r.last_name",
    "l.first_name = r.last_name and l.last_name = r.first_name",
    "l.street = r.street and l.postal_code = r.postal_code",
    "l.last_name = r.last_name and l.street = r.street",
    "l.first_name = r.first_name and l.street = r.street",
    "l.last_name = r.last_name and l.postal_code = r.postal_code",
    "l.first_name = r.first_name and l.postal_code = r.postal_code",
    "substr(l.last_name, 1, 3) = substr(r.last_name, 1, 3)"
    " and substr(l.birth_date, 1, 4) = substr(r.birth_date, 1, 4)",
    "substr(l.first_name, 1, 3) = substr(r.first_name, 1, 3)"
    " and substr(l.birth_date, 1, 7) = substr(r.birth_date, 1, 7)",
)
# Who agrees on one of these is one person; about so many of all pairs of one person do.
CERTAIN = (
    ("first_name", "last_name", "birth_date"),
    ("first_name", "last_name", "street"),
    ("last_name", "birth_date", "postal_code"),
    ("first_name", "birth_date", "postal_code"),
)
CERTAIN_RECALL = 0.7
_SWAPPED = "(first_name_l = last_name_r and last_name_l = first_name_r)"


def splink_settings(rules: list[str]) -> Any:
    """Settings of a model that is not trained; `rules` are blocking rules of `BLOCKING`."""
    import splink.comparison_level_library as levels
    from splink import SettingsCreator
    from splink.blocking_rule_library import CustomRule
    from splink.comparison_library import CustomComparison, DamerauLevenshteinAtThresholds

    def close(column: str, least: float, also: str = "true") -> Any:
        sql = f"jaro_winkler_similarity({column}_l, {column}_r) >= {least} and {also}"
        return levels.CustomLevel(sql, f"{column} alike {least}")

    def nothing(sql: str) -> Any:
        return levels.CustomLevel(sql, "unknown").configure(is_null_level=True)

    same_code = "postal_code_l = postal_code_r"
    nearly = "damerau_levenshtein(postal_code_l, postal_code_r) <= 1"
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="contact_id",
        comparisons=[
            CustomComparison(
                output_column_name="first_name",
                comparison_levels=[
                    levels.NullLevel("first_name"),
                    levels.ExactMatchLevel("first_name", term_frequency_adjustments=True),
                    levels.CustomLevel(_SWAPPED, "first and last swapped"),
                    close("first_name", 0.92),
                    close("first_name", 0.8),
                    levels.ElseLevel(),
                ],
            ),
            CustomComparison(
                output_column_name="last_name",
                comparison_levels=[
                    nothing(f"last_name_l is null or last_name_r is null or {_SWAPPED}"),
                    levels.ExactMatchLevel("last_name", term_frequency_adjustments=True),
                    close("last_name", 0.92),
                    close("last_name", 0.8),
                    levels.ElseLevel(),
                ],
            ),
            DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
            # one comparison: a postal code says nothing beside the same street
            CustomComparison(
                output_column_name="address",
                comparison_levels=[
                    nothing(
                        "(street_l is null or street_r is null)"
                        " and (postal_code_l is null or postal_code_r is null)"
                    ),
                    levels.CustomLevel(f"street_l = street_r and {same_code}", "same address"),
                    close("street", 0.9, nearly),
                    close("street", 0.75, same_code),
                    close("street", 0.9),
                    levels.CustomLevel(same_code, "same postal code"),
                    close("street", 0.75),
                    levels.ElseLevel(),
                ],
            ),
        ],
        blocking_rules_to_generate_predictions=[
            CustomRule(f"{rule} and l.cluster_id <> r.cluster_id") for rule in rules
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
    )


def affordable_rules(
    connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]
) -> list[str]:
    """Blocking rules but those that would compare too many pairs: they grow with the square."""
    ((most,),) = connection.execute(
        f"select count(*) * {MAX_PAIRS_PER_CONTACT} from contacts"
    ).fetchall()
    rules = []
    for rule in BLOCKING:
        left = [part.split(" = ")[0] for part in rule.split(" and ")]
        right = [part.split(" = ")[1] for part in rule.split(" and ")]
        block = "select {} as block, count(*) as size from contacts group by 1"
        one, other = (
            block.format(" || '|' || ".join(side).replace("l.", "").replace("r.", ""))
            for side in (left, right)
        )
        columns = ", ".join(side.replace("l.", "") for side in left)
        ((count,),) = connection.execute(
            f"with one as ({one}), other as ({other}) "
            "select coalesce(sum(one.size * other.size), 0) from one "
            "inner join other on one.block = other.block"
        ).fetchall()
        if count / 2 > most:
            progress(f"{count / 2:,.0f} pairs agree on {columns}: not compared for that alone")
        else:
            rules.append(rule)
    return rules
