"""The tenant and environment that this code location serves, read once.

One code location serves one tenant and environment (CROSSWEAVE_TENANT, CROSSWEAVE_ENV).
"""

from orchestration.dbt import ensure_manifest, export_environment
from orchestration.warehouse import Warehouse

SETTINGS, PATHS = export_environment()
MANIFEST = ensure_manifest(PATHS)
WAREHOUSE = Warehouse(PATHS.warehouse)
