"""Other tools on the same input: `identity.py`, `attribution.py`.

Each tool has an environment of its own (`environments.py`) and is called by a small script that
knows nothing of this project (`run_<tool>.py`).
"""
