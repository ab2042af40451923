"""Splink: connected components of an edge list. Run by identity.py in Splink's environment.

`python run_splink.py EDGES.parquet OUT.parquet MEMORY_LIMIT`; DuckDB in memory, which is Splink's
default. The tables of edges and nodes are loaded first; only the clustering is timed.
"""

import json
import sys
import time

import duckdb
from splink import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

edges, target, memory_limit = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"set memory_limit = '{memory_limit}'")
connection.execute(f"create table edges as select vertex_a, vertex_b from '{edges}'")
connection.execute(
    "create table nodes as select distinct vertex as node from "
    "(select unnest([vertex_a, vertex_b]) as vertex from edges)"
)
begun = time.perf_counter()
clusters = cluster_pairwise_predictions_at_threshold(
    nodes="nodes",
    edges="edges",
    db_api=DuckDBAPI(connection),
    node_id_column_name="node",
    edge_id_column_name_left="vertex_a",
    edge_id_column_name_right="vertex_b",
)
seconds = time.perf_counter() - begun
connection.execute(
    f"copy (select node as vertex, cluster_id as component from {clusters.physical_name}) "
    f"to '{target}' (format parquet)"
)
print(json.dumps({"seconds": seconds}))
