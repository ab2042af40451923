"""The serving copy: the public marts, apart from the warehouse, for BI and the dashboard.

Belongs here: which tables are served, writing them as a DuckDB file, as Parquet and to PostgreSQL,
each aside and swapped in at the end. Does not belong here: computing anything (a number that BI
needs is a mart), clear personal values (schema `pii` is never served), Dagster (`defs/serving.py`).
"""
