"""Whoever reads a KPI can look up what it means: docs/kpis.md has every KPI and every metric."""

from __future__ import annotations

import re

import yaml

from orchestration.settings import PROJECT_ROOT
from tests.metric_values import FOLDER, all_metrics, scorecard_kpis

DOCS = (PROJECT_ROOT / "docs/kpis.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"`(\w+)`", DOCS.split("## Every KPI")[1].split("The fine print")[0]))


def test_every_kpi_of_the_scorecard_is_a_metric_and_is_explained() -> None:
    kpis = set(scorecard_kpis())
    assert kpis <= EXPLAINED
    assert kpis <= all_metrics()


def test_every_metric_is_explained_or_a_part_of_others() -> None:
    declared = yaml.safe_load((FOLDER / "_kpis__metrics.yml").read_text(encoding="utf-8"))
    own = {
        metric["name"]
        for metric in declared["metrics"]
        if metric["description"] != "A part of other metrics"
    }
    assert own == EXPLAINED


def test_the_docs_name_saved_queries_that_exist() -> None:
    declared = yaml.safe_load((FOLDER / "_kpis__metrics.yml").read_text(encoding="utf-8"))
    [named] = re.findall(r"Saved queries: (.*?)\.", DOCS, re.DOTALL)
    assert {query["name"] for query in declared["saved_queries"]} == set(
        re.findall(r"`(\w+)`", named)
    )
