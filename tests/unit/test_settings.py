"""tenant.yml: the shortest one works, mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.settings import (
    DBT_PROJECT_DIR,
    PROJECT_ROOT,
    Paths,
    SettingsError,
    TenantSettings,
    dbt_environment,
    load_tenant,
)


def _load(root: Path, text: str) -> TenantSettings:
    folder = root / "tenants" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tenant.yml").write_text(text, encoding="utf-8")
    return load_tenant(Paths(tenant="mine", root=root))


def test_the_three_lines_of_the_readme_are_enough(tmp_path: Path) -> None:
    settings = _load(tmp_path, "sources: [canonical]\ntimezone: Europe/Zurich\ncurrency: CHF\n")
    assert settings.tenant == "mine"
    assert settings.source_names == ["canonical"]
    assert settings.lookback_days == 30


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources: [canonical]\ntimezone: Europe/Zurrich", "IANA time zone"),
        ("sources: [canonical]\ncurency: CHF", "curency: unknown setting; did you mean currency"),
        ("sources: [canonical]\ncurrency: chf", "currency"),
        ("timezone: UTC", "sources"),
        ("sources: [Web-Shop]", "sources.0.name"),
        ("sources: [a", "not valid YAML"),
        ("sources: [a]\ncaps: [{count: 0, days: 7}]", "caps.0.count"),
        ("sources: [a]\ncaps: [{count: 1, days: 7, purpose: advertising}]", "caps.0.purpose"),
        ("sources: [a]\nquiet_hours: [{from: 20, to: '08:00'}]", "quiet_hours.0.from"),
        ("sources: [a]\nquiet_hours: [{from: '20', to: '08:00'}]", "write it as '22:00'"),
        ("sources: [a]\nquiet_hours: [{from: 21:00, to: 08:00, days: [sunday]}]", "days.0"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        _load(tmp_path, text)


def test_an_unknown_tenant_lists_the_known_ones(tmp_path: Path) -> None:
    _load(tmp_path, "sources: [canonical]")
    with pytest.raises(SettingsError, match="mine"):
        load_tenant(Paths(tenant="nobody", root=tmp_path))


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="use dev or prod"):
        load_tenant(Paths(tenant="mine", env="production", root=tmp_path))


def test_own_contracts_reach_dbt_and_no_secret_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSWEAVE_HASH_KEY", "a-secret-of-the-brand")
    settings = _load(tmp_path, "sources: [{name: till, contracts: [orders]}]")
    environment = dbt_environment(settings, Paths(tenant="mine", root=tmp_path))
    assert json.loads(environment["CROSSWEAVE_OWN_CONTRACTS"]) == {"till": ["orders"]}
    assert "a-secret-of-the-brand" not in str(environment)


def test_the_folder_of_own_models_is_handed_to_dbt_as_a_relative_path(tmp_path: Path) -> None:
    """With an absolute path dbt 1.11 wrote the compiled SQL over a brand's own model file."""
    settings = _load(tmp_path, "sources: [canonical]")
    folder = dbt_environment(settings, Paths(tenant="mine", root=tmp_path))[
        "CROSSWEAVE_TENANT_MODELS"
    ]
    assert not Path(folder).is_absolute()
    assert (DBT_PROJECT_DIR / folder).resolve() == (tmp_path / "tenants/mine/models").resolve()


@pytest.mark.parametrize("tenant", ["demo", "complete_journey"])
def test_the_shipped_tenants_are_valid(tenant: str) -> None:
    assert load_tenant(Paths(tenant=tenant)).source_names


def test_the_json_schema_for_editors_is_current() -> None:
    file = PROJECT_ROOT / "data" / "tenants" / "tenant.schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == TenantSettings.model_json_schema()
