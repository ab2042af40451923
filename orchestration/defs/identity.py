"""Questions to the identity graph as jobs: typed config, the answer as metadata of an event.

Dagster keeps the config of a run for ever, so identifiers are given by key here, never by value.
"""

import dagster as dg
from pydantic import Field

from orchestration.defs.tenant import WAREHOUSE
from orchestration.identity.explain import explain_pair, explain_person
from orchestration.identity.lookup import find_person


class ExplainConfig(dg.Config):
    """What is to be explained."""

    one: str = Field(description="A person id, or the key of an identifier")
    other: str = Field(default="", description="Key of a second one; empty = the whole person")


@dg.op(out={})
def explain(context: dg.OpExecutionContext, config: ExplainConfig) -> None:
    """Why two identifiers are one person, or what a person is made of."""
    if "=" in config.one + config.other:
        raise dg.Failure("give keys, not values: the config of a run is kept (pii.identifiers)")
    with WAREHOUSE.connect() as connection:
        if config.other:
            explanation = explain_pair(connection, config.one, config.other)
        else:
            explanation = explain_person(connection, find_person(connection, config.one))
    context.log.info(explanation.text())
    context.log_event(
        dg.AssetObservation(
            asset_key=dg.AssetKey(["identity", "edges"]),
            metadata={
                "explanation": dg.MetadataValue.md(
                    f"{explanation.sentence}\n```mermaid\n{explanation.mermaid()}\n```"
                )
            },
        )
    )


@dg.job(description="Why two identifiers are one person, or what a person is made of.")
def explain_identity() -> None:
    """One op: explain."""
    explain()
