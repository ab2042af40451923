"""ChannelAttribution: first, last and linear touch. Run by attribution.py in its environment.

`python run_channel_attribution.py PATHS.parquet`: columns path, conversions, value. Reading the
frame is not timed, the models are. Prints the totals per model and channel for comparison.
"""

import json
import sys
import time

import pandas
from ChannelAttribution import heuristic_models

paths = pandas.read_parquet(sys.argv[1])
begun = time.perf_counter()
result = heuristic_models(paths, "path", "conversions", "value", sep=">", flg_pro=False)
seconds = time.perf_counter() - begun
totals = {
    model: {
        channel: [conversions, value]
        for channel, conversions, value in zip(
            result["channel_name"],
            result[f"{word}_touch_conversions"],
            result[f"{word}_touch_value"],
            strict=True,
        )
    }
    for model, word in (("first", "first"), ("last", "last"), ("linear", "linear"))
}
print(json.dumps({"seconds": seconds, "totals": totals}))
