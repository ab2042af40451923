"""ChannelAttribution: Markov of order 1. Run by markov.py in its environment.

`python run_channel_attribution_markov.py PATHS.parquet SIMULATIONS`: columns path, conversions,
lost, value; 0 simulations are the package's defaults. Reading the frame is not timed, the model is.
Prints the conversions per channel.
"""

import json
import sys
import time

import pandas
from ChannelAttribution import markov_model

paths = pandas.read_parquet(sys.argv[1])
simulations = int(sys.argv[2])
more = {"nsim_start": simulations, "ncore": 2} if simulations else {}
begun = time.perf_counter()
result = markov_model(
    paths, "path", "conversions", var_value="value", var_null="lost", order=1, sep=">",
    verbose=False, flg_pro=False, **more,
)  # fmt: skip
seconds = time.perf_counter() - begun
credits = dict(zip(result["channel_name"], result["total_conversions"], strict=True))
print(json.dumps({"seconds": seconds, "credits": credits}))
