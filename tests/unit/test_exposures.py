"""Exposures name every table that a consumer of the serving copy reads."""

from __future__ import annotations

import re

import yaml

from orchestration.settings import DBT_PROJECT_DIR

EXPOSURES = DBT_PROJECT_DIR / "models/marts/serving/_serving__exposures.yml"


def exposed(name: str) -> set[str]:
    """Models that an exposure depends on."""
    exposures = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))["exposures"]
    (exposure,) = [item for item in exposures if item["name"] == name]
    return {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in exposure["depends_on"]}  # ty: ignore


def test_bi_is_exposed_to_every_public_mart() -> None:
    """Every SQL file of a served folder is a public mart, so lineage shows its readers."""
    marts = DBT_PROJECT_DIR / "models" / "marts"
    served = {path.stem for path in marts.glob("*/*.sql") if path.parent.name != "pii"}
    missing = served - exposed("bi")
    assert not missing, f"add to {EXPOSURES.name}, exposure bi: {sorted(missing)}"
    assert exposed("bi") == served
