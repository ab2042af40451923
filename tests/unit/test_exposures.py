"""Exposures name every table that a consumer of the serving copy reads."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

EXPOSURES = DBT_PROJECT_DIR / "models/marts/serving/_serving__exposures.yml"


def exposed(name: str) -> set[str]:
    """Models that an exposure depends on."""
    exposures = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))["exposures"]
    (exposure,) = [item for item in exposures if item["name"] == name]
    return {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in exposure["depends_on"]}  # ty: ignore


def served() -> dict[str, str]:
    """Public marts: model -> schema."""
    files = (DBT_PROJECT_DIR / "models" / "marts").glob("*/*.sql")
    return {path.stem: path.parent.name for path in files if path.parent.name != "pii"}


def test_bi_is_exposed_to_every_public_mart() -> None:
    """Every SQL file of a served folder is a public mart, so lineage shows its readers."""
    missing = served().keys() - exposed("bi")
    assert not missing, f"add to {EXPOSURES.name}, exposure bi: {sorted(missing)}"
    assert exposed("bi") == served().keys()


def test_the_dashboard_is_exposed_to_what_its_pages_read() -> None:
    """The pages' SQL, read as text; `serving.about` is of the copy itself."""
    files = [*(PROJECT_ROOT / "dashboard" / "queries").glob("*.py")]
    files += [PROJECT_ROOT / "dashboard" / "filters.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    read = set(re.findall(r"\b(?:from|join)\s+(\w+)\.(\w+)", text))
    marts = served()
    known = {name for schema, name in read if marts.get(name) == schema}
    assert len(known) > 10
    assert exposed("dashboard") == known, f"mend {EXPOSURES.name}, exposure dashboard"


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [("check_model_has_exposure", "act_*.sql"), ("check_model_has_meta_keys", "seg_*.sql")],
)
def test_the_rules_for_payloads_and_segments_reach_their_files(rule: str, pattern: str) -> None:
    """A pattern that fits nothing lets `make check` pass: it is held from the path's beginning."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    checks = project["tool"]["dbt-bouncer"]["manifest_checks"]
    (include,) = [check["include"] for check in checks if check["name"] == rule]
    models = DBT_PROJECT_DIR / "models"
    paths = [str(file.relative_to(DBT_PROJECT_DIR)) for file in models.rglob(pattern)]
    assert len(paths) > 2
    own = f"../data/tenants/mine/models/any/{pattern.replace('*', 'x')}"
    assert all(re.match(include, path) for path in (*paths, own))
