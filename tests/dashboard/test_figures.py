"""Figures from hand-made frames: flows that add up, nothing told by colour alone."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from dashboard import charts, stories, trees

# 10 journeys: 6 begin with email (2 end there, 1 of them with an order), 4 with web (all end: 2).
TREE = pd.DataFrame(
    [
        (1, "(start) > email", "(start)", 6, 3),
        (1, "(start) > web", "(start)", 4, 2),
        (2, "(start) > email > (end)", "(start) > email", 2, 1),
        (2, "(start) > email > web", "(start) > email", 3, 1),
        (2, "(start) > email > (other)", "(start) > email", 1, 1),
        (2, "(start) > web > (end)", "(start) > web", 4, 2),
    ],
    columns=["depth", "path", "parent_path", "journey_count", "conversion_count"],
)


def flows(frame: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Label to label: journeys, of the drawn Sankey."""
    sankey = trees.sankey(frame).data[0]
    labels = sankey.node.label
    found: dict[tuple[str, str], float] = defaultdict(float)
    links = zip(sankey.link.source, sankey.link.target, sankey.link.value, strict=True)
    for one, other, value in links:
        found[labels[one], labels[other]] += value
    return dict(found)


def test_a_sankey_shows_every_journey_once() -> None:
    assert flows(TREE) == {
        ("(start)", "email"): 6,
        ("(start)", "web"): 4,
        ("email", "web"): 3,
        ("email", "(other)"): 1,
        ("email", "(conversion)"): 1,
        ("email", "(lost)"): 1,
        ("web", "(conversion)"): 2,
        ("web", "(lost)"): 2,
    }


def test_a_step_with_many_channels_keeps_the_largest_and_loses_no_journey() -> None:
    """Thirty first channels: those beyond the nine largest are one node."""
    rows = [(1, f"(start) > c{i:02}", "(start)", 100 - i, 1) for i in range(30)]
    found = flows(pd.DataFrame(rows, columns=TREE.columns))
    assert len(found) == trees.MOST_PER_STEP + 1
    assert found["(start)", "(other)"] == sum(100 - i for i in range(9, 30))
    assert sum(found.values()) == sum(100 - i for i in range(30))


def test_an_icicle_is_whole_at_every_node() -> None:
    """Plotly draws nothing, silently, where children exceed their parent."""
    drawn = trees.icicle(TREE).data[0]
    value = dict(zip(drawn.ids, drawn.values, strict=True))
    children: dict[str, float] = defaultdict(float)
    for node, parent in zip(drawn.ids, drawn.parents, strict=True):
        children[parent] += value[node]
    assert value["(start)"] == 10
    assert children["(start)"] == 10
    assert children["(start) > email"] == 6


def test_ten_models_are_told_apart_by_colour_and_symbol() -> None:
    from dashboard.views.channels import by_model

    frame = pd.DataFrame({"model": [f"m{i}" for i in range(10)], "channel": "email", "roas": 1.0})
    looks = {(t.marker.color, t.marker.symbol) for t in by_model(frame, "roas").data}
    assert len(looks) == 10


def test_a_channel_keeps_its_colour_and_special_states_have_their_own() -> None:
    colours = charts.colour_of(["web", "email", "(lost)", "(conversion)"])
    assert colours == charts.colour_of(["(conversion)", "email", "web", "(lost)", "web"])
    assert len(set(colours.values())) == 4


def test_the_graph_of_a_person_shows_what_ties_and_what_links_nobody() -> None:
    edges = pd.DataFrame(
        [
            ("email", "aaaaaaaa1", "cookie", "bbbbbbbb1", "kept", True),
            ("email", "aaaaaaaa1", "phone", "cccccccc1", "kept", False),
            ("phone", "cccccccc1", "cookie", "bbbbbbbb1", "hub", False),
        ],
        columns=["type_a", "identifier_a", "type_b", "identifier_b", "status", "is_tree_edge"],
    )
    drawn = {trace.name: trace for trace in stories.graph(edges).data}
    lines = ("links nobody", "more evidence", "what ties them")
    assert [len(drawn[name].x) for name in lines] == [3, 3, 3]  # one line each: end, end, gap
    assert drawn["links nobody"].line.dash == "dot"
    (points,) = [trace for trace in drawn.values() if trace.mode == "markers+text"]
    assert sorted(points.text) == ["cookie<br>bbbbbbbb", "email<br>aaaaaaaa", "phone<br>cccccccc"]
