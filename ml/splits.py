"""Which rows train and which rows judge.

Belongs here: maturity, the split by time with its embargo, the fall-back split by person, folds.
Does not belong here: anything about estimators.

A row is a person at a cutoff; its label looks at the window from `cutoff_at` to `label_end_at`.
At the moment of the test cutoff, only labels whose window had ended were known, so only those may
train (the window is the embargo).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

FOLD_COUNT = 5


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to judge by, each sorted by cutoff and person, index 0..n-1.

    `kind` is `time`, `persons` or `none`; with `none` both frames are empty. `reason` says why it
    is this kind. `pairs` are (positions in `train` to fit, positions in `test` to judge): one pair
    with everything for `time`, one per fold for `persons`.
    """

    kind: str
    reason: str
    train: pd.DataFrame
    test: pd.DataFrame
    pairs: list[tuple[np.ndarray, np.ndarray]]


def person_fractions(person_ids: pd.Series, salt: str) -> np.ndarray:
    """A number in [0, 1) per person, from SHA-256 of salt and id: the same on every machine."""
    digests = (hashlib.sha256(f"{salt}|{person}".encode()).digest() for person in person_ids)
    return np.array([int.from_bytes(digest[:6], "big") / 2**48 for digest in digests])


def mature_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows whose label window is over and whose label is known, in a total order."""
    known = frame["is_mature"].fillna(False).astype(bool) & frame["label"].notna()
    rows = frame.loc[known].sort_values(["cutoff_at", "person_id"], kind="stable")
    return rows.reset_index(drop=True)


def split_rows(frame: pd.DataFrame, *, salt: str) -> Split:
    """Split label rows (person_id, cutoff_at, label_end_at, label, is_mature, features).

    By time where possible: judged at the latest mature cutoff, trained on the cutoffs whose label
    windows had ended by then. Where history is too short for that (one mature cutoff of a 90-day
    label in 180 days of data), by person: everybody at the latest mature cutoff is judged by a
    model that was fitted on other people (five folds). The second kind cannot show how a model
    ages; the model card says which one was used.
    """
    rows = mature_rows(frame)
    nothing = rows.iloc[:0]
    if rows.empty:
        return Split("none", "no cutoff has a label window that is over", nothing, nothing, [])
    test_cutoff = rows["cutoff_at"].max()
    test = rows[rows["cutoff_at"] == test_cutoff].reset_index(drop=True)
    ended = rows["label_end_at"] <= test_cutoff
    if ended.any():
        train = rows[ended].reset_index(drop=True)
        reason = "judged at the latest mature cutoff, trained on labels that were known by then"
        pairs = [(np.arange(len(train)), np.arange(len(test)))]
        return Split("time", reason, train, test, pairs)
    # Another salt than inside a fit: else an inner fold would be the one that is held back here.
    train_fold = person_fold_numbers(rows["person_id"], salt=f"{salt}|judge")
    test_fold = person_fold_numbers(test["person_id"], salt=f"{salt}|judge")
    pairs = [
        (np.flatnonzero(train_fold != number), np.flatnonzero(test_fold == number))
        for number in range(FOLD_COUNT)
    ]
    reason = (
        "history is too short to train on labels that were known at the latest mature cutoff; "
        "everybody is judged by a model of other people, the model that scores is fitted on all"
    )
    return Split("persons", reason, rows, test, pairs)


def person_fold_numbers(person_ids: pd.Series, *, salt: str) -> np.ndarray:
    """Fold 0..4 of each row; all rows of a person are in one fold."""
    return (person_fractions(person_ids, salt) * FOLD_COUNT).astype("int64")


def person_folds(person_ids: pd.Series, *, salt: str) -> list[np.ndarray]:
    """Five arrays of row positions to hold back; all rows of a person fall into one of them."""
    fold = person_fold_numbers(person_ids, salt=salt)
    return [np.flatnonzero(fold == number) for number in range(FOLD_COUNT)]


def selection_folds(train: pd.DataFrame, *, salt: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs (positions to fit, positions to validate) for choosing a candidate.

    In time, under the same embargo, wherever an earlier label window had ended before a later
    cutoff; else by person.
    """
    pairs = []
    for cutoff in sorted(train["cutoff_at"].unique()):
        fit = np.flatnonzero(train["label_end_at"] <= cutoff)
        if len(fit):
            pairs.append((fit, np.flatnonzero(train["cutoff_at"] == cutoff)))
    if pairs:
        return pairs
    folds = person_folds(train["person_id"], salt=salt)
    everything = np.arange(len(train))
    return [(np.setdiff1d(everything, fold), fold) for fold in folds]
