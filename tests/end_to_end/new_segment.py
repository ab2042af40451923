"""A brand's own segment, from its two files to stays and a delivered audience.

Belongs here: the files of a segment, and looking at what was delivered. Does not belong here: what
a test expects.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import yaml

from orchestration.settings import PROJECT_ROOT
from tests.tenants import Tenant

# Everybody known with one order; a brand writes such a file.
MODEL = """-- Grain: one row per known person with exactly one order so far.
with

profiles as (

    select * from {{ ref('dim_profiles') }}

),

final as (

    select
        person_id,
        last_order_at as qualified_at
    from profiles
    where
        is_known
        and order_count = 1

)

select * from final
"""
DESCRIBED = """
version: 2
models:
  - name: seg_one_order
    description: One row per known person with exactly one order so far.
    config:
      contract: {enforced: true}
      meta: {owner: crm, purpose: marketing, refresh: daily, version: 1}
    columns:
      - {name: person_id, data_type: string, description: Member, data_tests: [unique, not_null]}
      - {name: qualified_at, data_type: timestamp, description: Their order (UTC)}
"""


def write_segment(tenant: Tenant, *, without: str | None = None) -> None:
    """Model and YAML of the segment in the brand's folder; `without` is a person left out."""
    folder = tenant.paths.tenant_folder / "models" / "segments"
    folder.mkdir(parents=True, exist_ok=True)
    condition = f"order_count = 1\n        and person_id <> '{without}'"
    sql = MODEL if without is None else MODEL.replace("order_count = 1", condition)
    (folder / "seg_one_order.sql").write_text(sql, encoding="utf-8")
    (folder / "_segments__models.yml").write_text(DESCRIBED, encoding="utf-8")


def breaches(tenant: Tenant) -> str:
    """What `make check` has against the brand's own models, empty where nothing: conventions over
    the manifest that was parsed last, and the style of the SQL."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rules = {
        **project["tool"]["dbt-bouncer"],
        "dbt_artifacts_dir": str(tenant.paths.dbt_target),
    }
    file = tenant.root / "dbt-bouncer.yml"
    file.write_text(yaml.safe_dump(rules), encoding="utf-8")
    models = str(tenant.paths.tenant_folder / "models")
    told = []
    for command in (
        ["dbt-bouncer", "--config-file", str(file)],
        ["sqlfluff", "lint", "--config", str(PROJECT_ROOT / "pyproject.toml"), models],
    ):
        result = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            told.append(result.stdout + result.stderr)
    return "\n".join(told)


def a_day_later(tenant: Tenant) -> None:
    """Move `as_of`, as the files of a new day do."""
    with duckdb.connect(str(tenant.paths.warehouse)) as connection:
        connection.execute("update ops.settings set as_of = as_of + interval 1 day")


def delivered(tenant: Tenant, sync: str) -> list[dict[str, object]]:
    """The lines of the files that a sync left in the outbox."""
    files = sorted((tenant.paths.outbox / sync).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
