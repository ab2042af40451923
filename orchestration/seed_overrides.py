"""A brand's changes to the definitions (seeds), merged row by row with the shipped ones.

tenant.yml says what differs:

    overrides:
      channels:
        - {channel: store, unit_cost_amount: 2.5}       # a known key: these columns change
        - {channel: hologram, channel_group: display}   # a new key: a row is added

Belongs here: the key of each seed and the merge. dbt reads the merged file in place of the shipped
one (`dbt_project.yml`, seeds), so the core is never edited for a brand and upgrades arrive.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from orchestration.settings import DBT_PROJECT_DIR, SettingsError, TenantSettings

SEED_KEYS: dict[str, tuple[str, ...]] = {
    "channels": ("channel",),
    "contact_frequencies": ("frequency",),
    "exchange_rates": ("rate_date", "from_currency", "to_currency"),
    "friction_fixes": ("point_type", "name"),
    "funnel_steps": ("funnel", "step_number"),
    "funnels": ("funnel",),
    "ga4_channel_rules": ("rule_number",),
    "ga4_events": ("event_name",),
    "ga4_source_categories": ("source",),
    "ga4_unwanted_referrals": ("domain",),
    "goals": ("goal",),
    "identifier_blocklist": ("identifier_type", "match_kind", "pattern"),
    "identifier_types": ("identifier_type",),
    "identity_levels": ("identity_level",),
    "identity_quality_limits": ("metric",),
    "interactions": ("interaction",),
    "jurisdictions": ("country_code", "channel", "purpose"),
    "kpi_goals": ("kpi",),
    "lifecycle_stages": ("precedence",),
    "segment_priorities": ("priority_list", "segment"),
    "source_priorities": ("source",),
}


def write_overridden_seeds(settings: TenantSettings, folder: Path) -> list[str]:
    """Write the merged CSV of every overridden seed to `folder`; remove what is no longer one.

    Returns the names of the overridden seeds, sorted. Raises `SettingsError` for a seed, a key or
    a column that does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.csv"):
        if old.stem not in settings.overrides:
            old.unlink()
    for seed, rows in settings.overrides.items():
        merged = _merged(seed, rows)
        target = folder / f"{seed}.csv"
        # an unchanged file keeps its time, so that dbt need not parse again
        if not target.exists() or target.read_text(encoding="utf-8") != merged:
            target.write_text(merged, encoding="utf-8")
    return sorted(settings.overrides)


def seed_text(seed: str, settings: TenantSettings) -> str:
    """The CSV of a seed as it holds for the tenant: shipped rows with its overrides."""
    return _merged(seed, settings.overrides.get(seed, []))


def _merged(seed: str, overrides: list[dict[str, object]]) -> str:
    """The shipped CSV with the overrides in it, as text."""
    where = f"tenant.yml: overrides.{seed}"
    if seed not in SEED_KEYS:
        raise SettingsError(f"{where}: no such seed; there are: {', '.join(sorted(SEED_KEYS))}")
    [shipped] = (DBT_PROJECT_DIR / "seeds").glob(f"*/{seed}.csv")
    with shipped.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        columns = list(reader.fieldnames or [])
        rows = {tuple(row[part] for part in SEED_KEYS[seed]): row for row in reader}
    for number, override in enumerate(overrides, start=1):
        unknown = sorted(set(override) - set(columns))
        missing = [part for part in SEED_KEYS[seed] if part not in override]
        if unknown:
            raise SettingsError(
                f"{where}, row {number}: no column {', '.join(unknown)}; "
                f"there are: {', '.join(columns)}"
            )
        if missing:
            raise SettingsError(f"{where}, row {number}: the key {', '.join(missing)} is missing")
        texts = {column: _text(value) for column, value in override.items()}
        key = tuple(texts[part] for part in SEED_KEYS[seed])
        rows[key] = {**rows.get(key, dict.fromkeys(columns, "")), **texts}
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows.values())
    return out.getvalue()


def _text(value: object) -> str:
    """A YAML value as dbt reads it from a CSV: null is empty, booleans are lower case."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
