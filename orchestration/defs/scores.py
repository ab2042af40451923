"""Training and scoring as assets; the work is in `orchestration/scoring.py` and `ml/`.

These are imported where they are used: scikit-learn and skops take four seconds.
"""

import dagster as dg
from dagster_dbt import get_asset_key_for_model

from orchestration.defs.dbt_models import warehouse_models
from orchestration.defs.keys import ESTIMATES_KEY, MODEL_CARDS_KEY, SCORES_KEY
from orchestration.defs.tenant import PATHS, WAREHOUSE

FEATURES = get_asset_key_for_model([warehouse_models], "person_features")
LABELS = get_asset_key_for_model([warehouse_models], "int_features__labels")


@dg.asset(key=MODEL_CARDS_KEY, deps=[FEATURES, LABELS], group_name="ml", kinds={"scikitlearn"})
def model_cards(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Train every score; one card per model version, promoted only if better and calibrated."""
    from orchestration.scoring import train

    with WAREHOUSE.connect() as connection:
        reports = train(connection, models_folder=PATHS.models, progress=context.log.info)
    return dg.MaterializeResult(metadata={report.score_name: report.summary for report in reports})


@dg.asset(
    key=SCORES_KEY,
    # of the estimates it needs nothing: models that read either wait for both, in one dbt call
    deps=[MODEL_CARDS_KEY, ESTIMATES_KEY, FEATURES],
    group_name="ml",
    kinds={"scikitlearn"},
)
def scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Score every person at as_of with the promoted models."""
    from orchestration.scoring import score

    with WAREHOUSE.connect() as connection:
        reports = score(connection, models_folder=PATHS.models, progress=context.log.info)
    counts = {report.score_name: report.scored_count for report in reports}
    return dg.MaterializeResult(metadata={"dagster/row_count": sum(counts.values()), **counts})
