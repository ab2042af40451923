"""Training and scoring on a built warehouse, timed: the Python steps of a run.

`python -m tests.benchmarks.python_steps`; tenant and data folder as for every command. They are
shown beside the dbt build, never in it. Model files go to the benchmark's own data folder.
"""

from __future__ import annotations

import json
import sys
import time

from orchestration.scoring import score, train
from orchestration.settings import current_paths
from orchestration.warehouse import Warehouse


def main() -> int:
    """Train, then score, and print the seconds as one line of JSON."""
    paths = current_paths()
    with Warehouse(paths.warehouse).connect() as connection:
        begun = time.perf_counter()
        train(connection, models_folder=paths.models)
        trained = time.perf_counter()
        reports = score(connection, models_folder=paths.models)
        scored = time.perf_counter()
    figures = {
        "train_seconds": trained - begun,
        "score_seconds": scored - trained,
        "scores": sum(report.scored_count for report in reports),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
