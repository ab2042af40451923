"""The right to be forgotten: who is erased, where they stand, and the proof that they do not.

Belongs here: the order of an erasure, its dry run, its proof, lifting it. Does not belong here:
what the landing gate does with tombstones (`ingestion/erased_*.py`) and how a sync removes somebody
(`activation/plan.py`).
"""
