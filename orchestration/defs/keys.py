"""The asset keys that Python assets and dbt sources share, in one place.

A dbt source is produced by a Python asset; several source tables may come from one asset (all
raw tables of a source, all ledgers of the syncs), so the mapping is by source, not by table.
"""

import dagster as dg

SETTINGS_KEY = dg.AssetKey(["ops", "settings"])
PHONES_KEY = dg.AssetKey(["pii", "phone_numbers"])
LINKS_KEY = dg.AssetKey(["ops", "probabilistic_links"])
ESTIMATES_KEY = dg.AssetKey(["ops", "attribution_estimates"])
MODEL_CARDS_KEY = dg.AssetKey(["ops", "ml_model_cards"])
SCORES_KEY = dg.AssetKey(["ops", "ml_scores"])
RECEIPTS_KEY = dg.AssetKey(["ops", "activation_receipts"])
STATE_KEY = dg.AssetKey(["ops", "state"])
SERVING_KEY = dg.AssetKey(["ops", "serving"])

PYTHON_SOURCES = {
    ("ops", "settings"): SETTINGS_KEY,
    ("ops", "landing_files"): SETTINGS_KEY,
    ("ops", "trait_rules"): SETTINGS_KEY,
    ("ops", "frequency_caps"): SETTINGS_KEY,
    ("ops", "quiet_hours"): SETTINGS_KEY,
    ("ops", "manual_rules"): SETTINGS_KEY,
    # an erasure builds by itself; afterwards its tombstones count for whatever lands
    ("ops", "erasures"): SETTINGS_KEY,
    # as a steward's rules, they count from the next build on
    ("ops", "probabilistic_links"): SETTINGS_KEY,
    # created with the settings, filled by the model int_identity__names
    ("ops", "person_events"): SETTINGS_KEY,
    ("ops", "person_redirects"): SETTINGS_KEY,
    ("ops", "identifier_history"): SETTINGS_KEY,
    # the estimates and the cards come before the scores; waiting for all saves dbt calls
    ("ops", "attribution_estimates"): SCORES_KEY,
    ("ops", "ml_model_cards"): SCORES_KEY,
    ("ops", "ml_scores"): SCORES_KEY,
    ("keys", "hash_keys"): PHONES_KEY,
    ("keys", "phone_numbers"): PHONES_KEY,
    ("gate", "quarantine"): SETTINGS_KEY,
}


def raw_key(source: str) -> dg.AssetKey:
    """Key of the one raw asset of a source."""
    return dg.AssetKey(["raw", source])


def source_asset_key(source_name: str, table_name: str) -> dg.AssetKey:
    """Key of the Python asset that fills a dbt source table."""
    if (source_name, table_name) in PYTHON_SOURCES:
        return PYTHON_SOURCES[source_name, table_name]
    if source_name == "ops" and table_name.startswith("activation_"):
        return RECEIPTS_KEY
    return raw_key(source_name)
