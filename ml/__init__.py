"""Scores: frames in, frames out, with scikit-learn.

Belongs here: what a score is (`scores.py`), which rows train and which rows judge (`splits.py`),
estimators and calibration (`estimators.py`, `calibration.py`), fitting (`fitting.py`), measures
with intervals and the rule of promotion (`metrics.py`, `baselines.py`, `judging.py`), training as
a whole (`training.py`), the fitted model and its file (`model.py`, `persistence.py`), the model
card and version (`card.py`, `versions.py`).
Does not belong here: SQL, DuckDB, Dagster, paths, clocks. The one exception to "no I/O" is
`persistence.py`, which writes and reads a model file at a path that it is given.

Everything is deterministic: input is sorted before use, every random choice has a fixed seed, and
time is data (`cutoff_at`, `as_of`), never the clock.
"""
