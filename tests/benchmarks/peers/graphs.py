"""Made-up graphs of any size for the identity peers.

Belongs here: edge lists that look like identity evidence. Does not belong here: timing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MEAN_SIZE = 8
EXTRA_SHARE = 0.15


def write_graph(edge_count: int, file: Path, *, seed: int = 7) -> None:
    """Write about `edge_count` edges (edge_number, vertex_a, vertex_b: int64) to a Parquet file.

    Components of 2 and more vertices, geometric in size with a mean of 8; each a random recursive
    tree plus 15 % edges between random vertices of the component. Vertex numbers are shuffled, so
    no tool is helped by their order. The same arguments give the same graph.
    """
    draws = np.random.default_rng(seed)
    tree_edges = edge_count / (1 + EXTRA_SHARE)
    sizes = 1 + draws.geometric(1 / (MEAN_SIZE - 1), size=int(tree_edges / (MEAN_SIZE - 1)) + 1)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    count = int(sizes.sum())
    start = np.repeat(starts, sizes)
    size = np.repeat(sizes, sizes)
    place = np.arange(count) - start
    child = np.flatnonzero(place > 0)
    parent = start[child] + (draws.random(len(child)) * place[child]).astype(np.int64)
    one = draws.integers(0, count, size=int(len(child) * EXTRA_SHARE))
    other = start[one] + (draws.random(len(one)) * size[one]).astype(np.int64)
    names = draws.permutation(count) + 1
    a = names[np.concatenate([child, one])]
    b = names[np.concatenate([parent, other])]
    linking = a != b
    _write(a[linking], b[linking], file)


def write_star(edge_count: int, file: Path, *, seed: int = 7) -> None:
    """One vertex with `edge_count` neighbours, numbers shuffled: a customer of many cookies."""
    names = np.random.default_rng(seed).permutation(edge_count + 1) + 1
    _write(np.full(edge_count, names[0]), names[1:], file)


def write_chain(edge_count: int, file: Path, *, seed: int = 7) -> None:
    """`edge_count` edges in a row, numbers shuffled: what a fixed number of rounds splits."""
    names = np.random.default_rng(seed).permutation(edge_count + 1) + 1
    _write(names[:-1], names[1:], file)


def _write(a: np.ndarray, b: np.ndarray, file: Path) -> None:
    table = pa.table({"edge_number": np.arange(1, len(a) + 1), "vertex_a": a, "vertex_b": b})
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)
