"""What peers are judged by: the same partition, the same credit, a graph that is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tests.benchmarks.peers.attribution import other_credits
from tests.benchmarks.peers.environments import PeerUnavailable, in_turns
from tests.benchmarks.peers.graphs import write_chain, write_graph, write_star
from tests.benchmarks.peers.identity import different_vertices


def _partition(file: Path, components: dict[int, str]) -> Path:
    table = pa.table({"vertex": list(components), "component": list(components.values())})
    pq.write_table(table, file)
    return file


def test_partitions_are_compared_as_sets_not_by_name(tmp_path: Path) -> None:
    one = _partition(tmp_path / "one", {1: "a", 2: "a", 3: "b"})
    renamed = _partition(tmp_path / "renamed", {3: "x", 2: "y", 1: "y"})
    assert different_vertices(one, renamed) == 0
    split = _partition(tmp_path / "split", {1: "a", 2: "c", 3: "b"})
    assert different_vertices(one, split) == 2
    missing = _partition(tmp_path / "missing", {1: "a", 2: "a"})
    assert different_vertices(one, missing) == 1


def test_credits_agree_to_nine_digits_and_an_absent_channel_is_none_at_all() -> None:
    ours = {"last": {"email": (2.0, 100.0), "search": (1.0, 0.0)}}
    assert other_credits(ours, {"last": {"email": (2.0, 100.0 + 1e-8), "search": (1, 0)}}) == []
    assert other_credits(ours, {"last": {"email": (2.0, 100.1), "search": (1, 0)}}) == [
        "last email"
    ]
    assert other_credits(ours, {"last": {"email": (2.0, 100.0)}}) == ["last search"]
    assert other_credits(ours, {}) == ["last email", "last search"]


def test_a_made_up_graph_has_its_edges_and_components_of_the_size_it_says(tmp_path: Path) -> None:
    file = tmp_path / "graph.parquet"
    write_graph(20_000, file)
    table = pq.read_table(file)
    assert abs(table.num_rows - 20_000) < 1_000
    a, b = table["vertex_a"].to_numpy(), table["vertex_b"].to_numpy()
    assert not (a == b).any()
    assert len(np.unique(table["edge_number"].to_numpy())) == table.num_rows
    vertices = np.unique(np.concatenate([a, b]))
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(a.max() + b.max(),) * 2)
    _, labels = connected_components(graph, directed=False)
    sizes = np.unique(labels[vertices], return_counts=True)[1]
    assert 7 < sizes.mean() < 9
    again = tmp_path / "again.parquet"
    write_graph(20_000, again)
    assert pq.read_table(again).equals(table)


def test_a_star_and_a_chain_are_what_they_are_called(tmp_path: Path) -> None:
    file = tmp_path / "graph.parquet"
    for write, degrees in ((write_star, {1: 500, 500: 1}), (write_chain, {1: 2, 2: 499})):
        write(500, file)
        table = pq.read_table(file)
        ends = np.concatenate([table["vertex_a"].to_numpy(), table["vertex_b"].to_numpy()])
        _, counts = np.unique(ends, return_counts=True)
        assert dict(zip(*np.unique(counts, return_counts=True), strict=True)) == degrees


def test_a_peer_that_cannot_be_installed_says_why_and_the_others_run() -> None:
    calls: list[str] = []

    def works() -> dict:
        calls.append("works")
        return {"seconds": float(len(calls)), "peak_bytes": 10 * len(calls), "totals": {}}

    def fails() -> dict:
        calls.append("fails")
        raise PeerUnavailable("not installed: no wheel")

    done = in_turns({"works": works, "fails": fails}, 2, lambda text: None)
    assert calls == ["works", "fails", "works"]
    assert done["works"] == {"all_seconds": [1.0, 3.0], "peak_bytes": 30, "totals": {}}
    assert done["fails"] == {"all_seconds": [], "note": "not installed: no wheel"}
