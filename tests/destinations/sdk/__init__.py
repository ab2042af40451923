"""The ad platforms' own SDKs as oracles, in an environment of their own.

`vendors.txt` has the pins, `environment.py` makes `data/bench/envs/vendors` from it when it is
first needed, `run_*.py` are scripts that run there: they take JSON on standard input and answer
with JSON.
"""
