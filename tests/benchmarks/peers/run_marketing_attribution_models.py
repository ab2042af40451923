"""marketing-attribution-models: first, last and linear. Run by attribution.py in its environment.

`python run_marketing_attribution_models.py PATHS.parquet`: columns path, conversions, value. It
credits one quantity at a time, so the models run twice, for conversions and for their value.
Reading the frame is not timed; its own preparation and the models are.
"""

import json
import sys
import time

import polars
from mam.core import MAM

paths = polars.read_parquet(sys.argv[1]).with_columns(
    polars.lit(True).alias("converted"), polars.lit(1).alias("occurrences")
)
totals = {"first": {}, "last": {}, "linear": {}}
begun = time.perf_counter()
found = []
for place, column in ((0, "conversions"), (1, "value")):
    models = MAM(
        df=paths,
        format_type="grouped_journey",
        channels_colname="path",
        journey_with_conv_colname="converted",
        occurrences_colname="occurrences",
        conversion_value_colname=column,
        path_separator=">",
    )
    for model, calculate in (
        ("first", models.run_first_click),
        ("last", models.run_last_click),
        ("linear", models.run_linear),
    ):
        found.append((model, place, calculate()))
seconds = time.perf_counter() - begun
for model, place, result in found:
    frame = result.to_polars()
    for channel, credit in frame.select(["channels", "attribution"]).iter_rows():
        totals[model].setdefault(channel, [0.0, 0.0])[place] = credit
print(json.dumps({"seconds": seconds, "totals": totals}))
