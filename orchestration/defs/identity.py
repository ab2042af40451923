"""Operations on the identity graph as jobs: typed config, the answer as metadata of an event.

Dagster keeps the config of a run for ever, so identifiers are given by key here, never by value.
"""

import dagster as dg
from pydantic import Field, field_validator

from orchestration.defs.tenant import WAREHOUSE
from orchestration.identity.explain import explain_pair, explain_person
from orchestration.identity.lookup import find_person
from orchestration.identity.preview import preview
from orchestration.identity.steward import keep_rule, make_rule

GRAPH = dg.AssetKey(["identity", "edges"])


class IdentifiersConfig(dg.Config):
    """Identifiers by key."""

    one: str = Field(description="Key of an identifier (pii.identifiers)")
    other: str = Field(default="", description="Key of a second one")

    @field_validator("one", "other")
    @classmethod
    def _are_keys(cls, value: str) -> str:
        if "=" in value:
            raise ValueError("give a key, not a value: the config of a run is kept")
        return value


class ExplainConfig(IdentifiersConfig):
    """What is to be explained: two identifiers, or one person (an id in `one`)."""


class UnmergeConfig(IdentifiersConfig):
    """Two identifiers that are to be two persons, and why."""

    reason: str = Field(description="Why; kept with the rule")
    author: str = Field(description="Who decides")
    dry_run: bool = Field(default=True, description="Only show what it would do")


def _tell(context: dg.OpExecutionContext, name: str, text: str, picture: str = "") -> None:
    context.log.info(text)
    told = f"```\n{text}\n```" + (f"\n```mermaid\n{picture}\n```" if picture else "")
    metadata = {name: dg.MetadataValue.md(told)}
    context.log_event(dg.AssetObservation(asset_key=GRAPH, metadata=metadata))


@dg.op
def explain(context: dg.OpExecutionContext, config: ExplainConfig) -> None:
    """Why two identifiers are one person, or what a person is made of."""
    with WAREHOUSE.connect() as connection:
        if config.other:
            explanation = explain_pair(connection, config.one, config.other)
        else:
            explanation = explain_person(connection, find_person(connection, config.one))
    _tell(context, "explanation", explanation.text(), explanation.mermaid())


@dg.op
def unmerge(context: dg.OpExecutionContext, config: UnmergeConfig) -> None:
    """Keep two identifiers in two persons from the next build on."""
    with WAREHOUSE.connect() as connection:
        rule = make_rule(
            connection, "never_merge", config.one, config.other,
            reason=config.reason, author=config.author,
        )  # fmt: skip
        if not config.dry_run:
            keep_rule(connection, rule)
    _tell(context, "unmerge", preview(rule).text() if config.dry_run else rule.line())


@dg.op
def preview_changes(context: dg.OpExecutionContext) -> None:
    """Build the graph with the present rules in a copy of the warehouse."""
    _tell(context, "preview", preview().text())


@dg.job(description="Why two identifiers are one person, or what a person is made of.")
def explain_identity() -> None:
    """One op: explain."""
    explain()


@dg.job(description="Keep two identifiers in two persons; a dry run unless told otherwise.")
def unmerge_identity() -> None:
    """One op: unmerge."""
    unmerge()


@dg.job(description="Who would merge or split under the rules as they stand in the files now.")
def preview_rules() -> None:
    """One op: preview_changes."""
    preview_changes()
