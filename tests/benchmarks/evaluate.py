"""How good a demo run is, judged against the simulator's truth, printed as Markdown.

Belongs here: figures for `docs/evaluation.md`. Run: `make evaluate` (after `make run`), which
prints them and records them as JSON beside the tenant's state.
"""

from __future__ import annotations

import json

import duckdb

from orchestration.settings import current_paths
from tests.benchmarks import attribution_truth
from tests.benchmarks.identity_truth import compare

CARDS = """
    select score_name, model_version, promoted, auc, auc_low, auc_high, baseline_auc,
        calibration_error, brier_skill
    from ml.model_cards where is_latest order by score_name"""

# A person counts where the identifiers of the found person name one true person.
TRUE_PROBABILITY = """
    with owners as (
        select identifiers.person_id, min(truth.true_person_id) as true_person_id
        from read_parquet($identifiers) as truth
        inner join pii.identifiers
            on identifiers.identifier_type = truth.identifier_type
            and identifiers.identifier_value = truth.identifier_value
        where identifiers.person_id is not null
        group by identifiers.person_id
        having count(distinct truth.true_person_id) = 1
    ),
    scored as (
        select
            scores.score_decile as decile,
            scores.score,
            probabilities.purchase_probability_30d as probability
        from ml.scores
        inner join owners on scores.person_id = owners.person_id
        inner join read_parquet($probabilities) as probabilities
            on owners.true_person_id = probabilities.true_person_id
            and cast(scores.cutoff_at as date) = probabilities.cutoff_on
        where scores.score_name = 'propensity_30d' and scores.is_current
    )
    select decile, count(*), avg(score), avg(probability)
    from scored group by decile order by decile"""


def main() -> None:
    """Print the figures of the tenant's warehouse and record them as JSON."""
    paths = current_paths()
    truth = paths.landing / "_truth"
    figures: dict[str, object] = {}
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        print("| identity, pairs of | precision | recall |\n|---|---|---|")
        for level, pairs in compare(connection, truth).items():
            figures[f"identity: {level}"] = [pairs.precision, pairs.recall]
            print(f"| {level} | {pairs.precision:.4f} | {pairs.recall:.4f} |")
        print(
            "\n| score | promoted | AUC (95 %) | baseline AUC | calibration error | Brier skill |"
        )
        print("|---|---|---|---|---|---|")
        for name, version, promoted, auc, low, high, base, ece, skill in connection.execute(
            CARDS
        ).fetchall():
            figures[f"score: {name}"] = {"version": version, "auc": auc, "ece": ece}
            print(
                f"| {name} | {'yes' if promoted else 'no'} | {auc:.3f} ({low:.3f} to {high:.3f}) "
                f"| {base:.3f} | {ece:.3f} | {skill:.3f} |"
            )
        print("\n| decile of propensity_30d | persons | mean score | mean true probability |")
        print("|---|---|---|---|")
        files = {
            "identifiers": str(truth / "identifiers.parquet"),
            "probabilities": str(truth / "probabilities.parquet"),
        }
        for decile, persons, score, probability in connection.execute(
            TRUE_PROBABILITY, files
        ).fetchall():
            figures[f"propensity decile {decile}"] = [persons, score, probability]
            print(f"| {decile} | {persons} | {score:.3f} | {probability:.3f} |")
        lines, distances = attribution_truth.report(connection, truth)
        figures |= distances
        print("\n" + "\n".join(lines))
    target = paths.root / "state" / paths.env / f"{paths.tenant}_evaluation.json"
    target.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"\nrecorded in {target}")


if __name__ == "__main__":
    main()
