"""networkx: connected components of an edge list. Run by identity.py in networkx's environment.

`python run_networkx.py EDGES.parquet OUT.parquet`. Reading the file into Python lists is not timed;
making the graph and finding its components are.
"""

import json
import sys
import time

import networkx
import numpy
import pyarrow
import pyarrow.parquet

edges, target = sys.argv[1:]
table = pyarrow.parquet.read_table(edges, columns=["vertex_a", "vertex_b"])
pairs = list(zip(table["vertex_a"].to_pylist(), table["vertex_b"].to_pylist(), strict=True))
begun = time.perf_counter()
graph = networkx.Graph()
graph.add_edges_from(pairs)
built = time.perf_counter()
components = list(networkx.connected_components(graph))
ended = time.perf_counter()
vertices = numpy.concatenate([numpy.fromiter(one, dtype="int64") for one in components])
numbers = numpy.repeat(numpy.arange(len(components)), [len(one) for one in components])
pyarrow.parquet.write_table(pyarrow.table({"vertex": vertices, "component": numbers}), target)
print(json.dumps({"seconds": ended - begun, "graph_seconds": built - begun}))
