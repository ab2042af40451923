"""What a brand sets in `data/tenants/<tenant>/tenant.yml`, validated, and where its files lie.

Belongs here: reading and checking settings, paths of a tenant, the environment that dbt is given.
Does not belong here: anything that opens the warehouse.
"""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestration.contact_settings import FrequencyCap, QuietHours
from orchestration.housekeeping_settings import Alerts, Housekeeping

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"


class SettingsError(ValueError):
    """tenant.yml is missing or wrong; the message says where and what to write instead."""


class Source(BaseModel):
    """One source of a tenant: files in its landing folder, or tables the warehouse has already."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="landing folder and dbt source")
    kind: Literal["files", "tables"] = "files"
    path: str | None = Field(
        default=None,
        description="kind tables: a DuckDB file, or a folder with one Parquet file per table",
    )
    contracts: list[str] = Field(
        default_factory=list,
        description="contracts that the tenant's own staging models of this source fill",
    )

    @property
    def table_path(self) -> Path | None:
        """Absolute path of a source of kind tables; a relative one starts at the project's root."""
        return (PROJECT_ROOT / self.path).resolve() if self.kind == "tables" and self.path else None

    @property
    def attachment(self) -> dict[str, object] | None:
        """The DuckDB file that every reader of this source's raw views has to attach, if any."""
        if self.table_path is None or self.table_path.is_dir():
            return None
        return {"path": str(self.table_path), "alias": f"tables_{self.name}", "read_only": True}


class Trait(BaseModel):
    """Type and survivorship rule of one brand-own attribute."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["string", "decimal", "integer", "boolean", "date"] = "string"
    rule: Literal["last", "first", "sum", "most_frequent"] = "last"


class Serving(BaseModel):
    """What of the public marts BI gets."""

    model_config = ConfigDict(extra="forbid")

    leave_out: list[str] = Field(
        default_factory=list,
        description="tables that are not served, as schema.table or a pattern: features.*",
    )
    parquet: bool = Field(default=True, description="a Parquet file per table beside DuckDB")


class TenantSettings(BaseModel):
    """Validated content of tenant.yml. Unknown keys are errors, so a misspelling is seen."""

    model_config = ConfigDict(extra="forbid")

    tenant: str = Field(default="", description="set from the folder name")
    sources: list[Source]
    timezone: str = "UTC"
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    country_code: str = Field(
        default="US", pattern=r"^[A-Z]{2}$", description="default region of phone numbers"
    )
    as_of: str | None = Field(
        default=None, description="fixed point in time; default: end of the newest landed day"
    )
    lookback_days: int = Field(default=30, ge=1)
    session_gap_minutes: int = Field(default=30, ge=1)
    reset_on_conversion: bool = True
    attribution_half_life_days: float = Field(
        default=7.0, gt=0, description="time_decay: a touch this much older weighs half"
    )
    attribution_min_conversions: int = Field(
        default=100, ge=1, description="a period with fewer conversions has no Markov model"
    )
    path_last_touches: int = Field(default=3, ge=1, description="touches of the transform last_n")
    path_top_count: int = Field(default=100, ge=1, description="rows of journeys.paths by name")
    path_tree_depth: int = Field(default=6, ge=1, le=10)
    path_tree_width: int = Field(
        default=8, ge=1, description="children of a node by name, the rest is (other)"
    )
    path_tree_transform: Literal["unique", "exposure", "first", "last_n"] = "exposure"
    feature_cutoff_count: int = Field(default=4, ge=1)
    feature_cutoff_step_days: int = Field(default=30, ge=1, le=365)
    universal_holdout_pct: float = Field(default=5.0, ge=0, le=100)
    split_salt: str = "crossweave"
    identity_gone_share: float = Field(
        default=0.2, gt=0, le=1, description="gate: share of persons that one build may end"
    )
    identity_largest_person: int = Field(
        default=1000, ge=1, description="gate: identifiers of the largest person"
    )
    shared_device_policy: Literal["last_known", "next_known", "none"] = Field(
        default="none",
        description="whose an anonymous visit is between the logins of two persons on one device",
    )
    caps: list[FrequencyCap] = Field(
        default_factory=list, description="most messages in a window of days"
    )
    quiet_hours: list[QuietHours] = Field(
        default_factory=list, description="when no messages are sent, in the person's time zone"
    )
    housekeeping: Housekeeping = Field(default_factory=Housekeeping)
    alerts: Alerts = Field(default_factory=Alerts)
    overrides: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict,
        description="rows of seeds that differ for this brand: seed_overrides.py",
    )
    traits: dict[str, Trait] = Field(default_factory=dict)
    serving: Serving = Field(default_factory=Serving)

    @field_validator("sources", mode="before")
    @classmethod
    def _names_are_sources(cls, value: object) -> object:
        if isinstance(value, list):
            return [{"name": item} if isinstance(item, str) else item for item in value]
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone (for example Europe/Zurich)")
        ZoneInfo(value)
        return value

    @property
    def source_names(self) -> list[str]:
        """Enabled sources in the order of tenant.yml."""
        return [source.name for source in self.sources]


@dataclass(frozen=True)
class Paths:
    """Where a tenant's files lie, per environment (`dev` or `prod`)."""

    tenant: str
    env: str = "dev"
    root: Path = PROJECT_ROOT / "data"

    @property
    def tenant_folder(self) -> Path:
        return self.root / "tenants" / self.tenant

    @property
    def landing(self) -> Path:
        return self.root / "landing" / self.tenant

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / self.env / f"{self.tenant}.duckdb"

    @property
    def spark_warehouse(self) -> Path:
        """Tables, catalog and copied sources of the target spark on this machine."""
        return self.warehouse.with_suffix(".spark")

    @property
    def state(self) -> Path:
        return self.root / "state" / self.env / self.tenant

    @property
    def serving(self) -> Path:
        """Link to the folder of the serving copy in force."""
        return self.root / "serving" / self.tenant / self.env

    @property
    def models(self) -> Path:
        return self.root / "models" / self.env / self.tenant

    @property
    def outbox(self) -> Path:
        return self.root / "outbox" / self.env / self.tenant

    @property
    def receipts(self) -> Path:
        """Proofs of erasures."""
        return self.root / "receipts" / self.env / self.tenant

    @property
    def dbt_target(self) -> Path:
        """One dbt target folder per tenant and environment, so parses stay valid."""
        is_default = self.root == PROJECT_ROOT / "data"
        base = DBT_PROJECT_DIR / "target" if is_default else self.root / "dbt_target"
        return base / self.env / self.tenant


def current_paths() -> Paths:
    """Paths of the tenant and environment named by CROSSWEAVE_TENANT and CROSSWEAVE_ENV.

    CROSSWEAVE_DATA_DIR moves the whole data folder (tests do that).
    """
    root = Path(os.environ.get("CROSSWEAVE_DATA_DIR") or PROJECT_ROOT / "data").resolve()
    return Paths(
        tenant=os.environ.get("CROSSWEAVE_TENANT") or "demo",
        env=os.environ.get("CROSSWEAVE_ENV") or "dev",
        root=root,
    )


def load_tenant(paths: Paths) -> TenantSettings:
    """Read and validate tenant.yml of `paths.tenant`.

    Raises `SettingsError` with the file, the key and what is wrong.
    """
    if paths.env not in {"dev", "prod"}:
        raise SettingsError(f"ENV={paths.env}: use dev or prod")
    file = paths.tenant_folder / "tenant.yml"
    if not file.exists():
        known = sorted(p.parent.name for p in (paths.root / "tenants").glob("*/tenant.yml"))
        raise SettingsError(
            f"no tenant {paths.tenant!r}: {file} does not exist (tenants here: {', '.join(known)})"
        )
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        settings = TenantSettings.model_validate(content)
    except yaml.YAMLError as error:
        raise SettingsError(f"{file}: not valid YAML: {error}") from error
    except ValidationError as error:
        lines = [f"  {_told(item['type'], item['loc'], item['msg'])}" for item in error.errors()]
        raise SettingsError("\n".join([f"{file}:", *lines])) from error
    return settings.model_copy(update={"tenant": paths.tenant})


def own_segments(paths: Paths) -> list[str]:
    """Names of the brand's own segments: models/segments/seg_<name>.sql in its folder."""
    files = (paths.tenant_folder / "models").rglob("seg_*.sql")
    return sorted(file.stem.removeprefix("seg_") for file in files)


def _told(kind: str, location: tuple[int | str, ...], message: str) -> str:
    """One mistake as a person wants to read it, with the likely word for a misspelt setting."""
    where = ".".join(str(part) for part in location)
    if kind != "extra_forbidden":
        return f"{where}: {message}"
    known = [name for name in TenantSettings.model_fields if name != "tenant"]
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
    return f"{where}: unknown setting; {hint}"


def dbt_environment(settings: TenantSettings, paths: Paths) -> dict[str, str]:
    """Environment variables that the dbt project reads; no secret is among them."""
    attached = [source.attachment for source in settings.sources if source.attachment]
    own = {source.name: source.contracts for source in settings.sources if source.contracts}
    return {
        "CROSSWEAVE_TENANT": settings.tenant,
        "CROSSWEAVE_ENV": paths.env,
        "CROSSWEAVE_SOURCES": ",".join(settings.source_names),
        "CROSSWEAVE_OWN_CONTRACTS": json.dumps(own, sort_keys=True),
        "CROSSWEAVE_OWN_SEGMENTS": ",".join(own_segments(paths)),
        "CROSSWEAVE_WAREHOUSE": str(paths.warehouse),
        "CROSSWEAVE_SPARK_WAREHOUSE": str(paths.spark_warehouse),
        "CROSSWEAVE_ATTACH": json.dumps(attached),
        # relative: dbt joins it to its target folder, and with an absolute path it writes the
        # compiled SQL over the model file itself (dbt-core 1.11)
        "CROSSWEAVE_OVERRIDDEN_SEEDS": ",".join(sorted(settings.overrides)),
        "CROSSWEAVE_SEED_OVERRIDES": os.path.relpath(paths.dbt_target / "seeds", DBT_PROJECT_DIR),
        "CROSSWEAVE_TENANT_MODELS": os.path.relpath(
            paths.tenant_folder / "models", DBT_PROJECT_DIR
        ),
        "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
        "DBT_TARGET_PATH": str(paths.dbt_target),
        "DBT_LOG_PATH": str(paths.dbt_target / "logs"),
        # debug lines in the log file cost a tenth of a build; --log-level-file debug brings them
        "DBT_LOG_LEVEL_FILE": "info",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "GX_ANALYTICS_ENABLED": "false",
    }
