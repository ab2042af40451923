"""A brand's rows replace shipped ones by key, new keys are added, mistakes are named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from orchestration.seed_overrides import SEED_KEYS, write_overridden_seeds
from orchestration.settings import DBT_PROJECT_DIR, SettingsError, TenantSettings


def _write(folder: Path, overrides: dict) -> list[str]:
    settings = TenantSettings.model_validate({"sources": ["web"], "overrides": overrides})
    return write_overridden_seeds(settings, folder)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_known_keys_change_and_new_keys_are_added(tmp_path: Path) -> None:
    names = _write(
        tmp_path,
        {"channels": [{"channel": "store", "unit_cost_amount": 2.5}, {"channel": "hologram"}]},
    )
    assert names == ["channels"]
    [shipped] = (DBT_PROJECT_DIR / "seeds").glob("*/channels.csv")
    before, after = _rows(shipped), _rows(tmp_path / "channels.csv")
    assert [row["channel"] for row in after] == [*(row["channel"] for row in before), "hologram"]
    for old, new in zip(before, after, strict=False):
        if old["channel"] == "store":
            assert new == {**old, "unit_cost_amount": "2.5"}
        else:
            assert new == old
    assert after[-1]["channel_group"] == ""


def test_an_override_that_is_taken_back_leaves_no_file(tmp_path: Path) -> None:
    _write(tmp_path, {"channels": [{"channel": "store", "is_owned": False}]})
    _write(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"chanels": [{"channel": "store"}]}, "no such seed"),
        ({"channels": [{"channel": "store", "unit_cost": 1}]}, "row 1: no column unit_cost"),
        ({"channels": [{"unit_cost_amount": 1}]}, "the key channel is missing"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, overrides: dict, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        _write(tmp_path, overrides)


@pytest.mark.parametrize("seed", sorted(SEED_KEYS))
def test_the_keys_are_columns_and_unique_in_what_ships(seed: str) -> None:
    """Two shipped rows with one key would become one row in silence."""
    [shipped] = (DBT_PROJECT_DIR / "seeds").glob(f"*/{seed}.csv")
    rows = _rows(shipped)
    keys = [tuple(row[part] for part in SEED_KEYS[seed]) for row in rows]
    assert len(set(keys)) == len(rows)


def test_every_shipped_seed_can_differ_per_brand() -> None:
    """A steward's rules are the exception: they have a table of their own (ops.manual_rules)."""
    shipped = {file.stem for file in (DBT_PROJECT_DIR / "seeds").glob("*/*.csv")}
    assert shipped - set(SEED_KEYS) == {"manual_rules"}
