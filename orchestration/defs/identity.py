"""Operations on the identity graph as jobs: typed config, the answer as metadata of an event.

Dagster keeps the config of a run for ever, also of one that is refused, so identifiers are given by
key here, never by value; what is no key is refused without being repeated.
"""

import dagster as dg
from dagster_dbt import get_asset_key_for_model
from pydantic import Field

from orchestration.defs.dbt_models import warehouse_models
from orchestration.defs.keys import LINKS_KEY
from orchestration.defs.tenant import PATHS, SETTINGS, WAREHOUSE
from orchestration.erasure.erase import erase
from orchestration.erasure.target import Scope
from orchestration.identity.explain import explain_pair, explain_person
from orchestration.identity.links import link_contacts
from orchestration.identity.lookup import IDENTIFIER_KEY, find_person
from orchestration.identity.matching import MatchingUnavailable
from orchestration.identity.preview import preview
from orchestration.identity.steward import keep_rule, make_rule
from orchestration.state import save_state

GRAPH = dg.AssetKey(["identity", "edges"])


class ExplainConfig(dg.Config):
    """What is to be explained: two identifiers, or one person."""

    one: str = Field(description="Key of an identifier (pii.identifiers), or a person id")
    other: str = Field(default="", description="Key of a second one; empty = the whole person")


class UnmergeConfig(dg.Config):
    """Two identifiers that are to be two persons, and why."""

    one: str = Field(description="Key of an identifier (pii.identifiers)")
    other: str = Field(description="Key of a second one")
    reason: str = Field(description="Why; kept with the rule")
    author: str = Field(description="Who decides")
    dry_run: bool = Field(default=True, description="Only show what it would do")


class EraseConfig(dg.Config):
    """Who is to be forgotten, how much of it, and why."""

    asked: list[str] = Field(description="Person ids, or keys of identifiers (pii.identifiers)")
    scope: Scope = Field(
        default="person", description="person: every identifier of it; identifier: those given"
    )
    reason: str = Field(description="Why; kept, so name nobody in it")
    author: str = Field(description="Who decides")
    dry_run: bool = Field(default=True, description="Only show what would go")


def _require_keys(*asked: str) -> None:
    if not all(IDENTIFIER_KEY.fullmatch(key) for key in asked):
        raise dg.Failure("give keys of pii.identifiers or a person id, no values: config is kept")


def _tell(context: dg.OpExecutionContext, name: str, text: str, picture: str = "") -> None:
    context.log.info(text)
    told = f"```\n{text}\n```" + (f"\n```mermaid\n{picture}\n```" if picture else "")
    metadata = {name: dg.MetadataValue.md(told)}
    context.log_event(dg.AssetObservation(asset_key=GRAPH, metadata=metadata))


@dg.op
def explain(context: dg.OpExecutionContext, config: ExplainConfig) -> None:
    """Why two identifiers are one person, or what a person is made of."""
    _require_keys(config.one, *([config.other] if config.other else []))
    with WAREHOUSE.connect() as connection:
        if config.other:
            explanation = explain_pair(connection, config.one, config.other)
        else:
            explanation = explain_person(connection, find_person(connection, config.one))
    _tell(context, "explanation", explanation.text(), explanation.mermaid())


@dg.op
def unmerge(context: dg.OpExecutionContext, config: UnmergeConfig) -> None:
    """Keep two identifiers in two persons from the next build on."""
    _require_keys(config.one, config.other)
    with WAREHOUSE.connect() as connection:
        rule = make_rule(
            connection, "never_merge", config.one, config.other,
            reason=config.reason, author=config.author,
        )  # fmt: skip
        if not config.dry_run:
            keep_rule(connection, rule)
            save_state(connection, PATHS.state)
    _tell(context, "unmerge", preview(rule).text() if config.dry_run else rule.line())


@dg.op
def preview_changes(context: dg.OpExecutionContext) -> None:
    """Build the graph with the present rules in a copy of the warehouse."""
    _tell(context, "preview", preview().text())


@dg.op
def erase_asked(context: dg.OpExecutionContext, config: EraseConfig) -> None:
    """Forget persons or identifiers; the proof is metadata, and lies in data/receipts."""
    _require_keys(*config.asked)
    proof = erase(
        config.asked, scope=config.scope, reason=config.reason, author=config.author,
        is_dry=config.dry_run, progress=context.log.info,
    )  # fmt: skip
    told = f"```\n{proof.text()}\n```" if proof.is_dry else proof.markdown()
    metadata = {"erasure": dg.MetadataValue.md(told), "complete": proof.is_complete}
    context.log_event(dg.AssetObservation(asset_key=GRAPH, metadata=metadata))
    if not config.dry_run and not proof.is_complete:
        raise dg.Failure(f"something is still there:\n{proof.text()}", allow_retries=False)


@dg.job(description="Why two identifiers are one person, or what a person is made of.")
def explain_identity() -> None:
    """One op: explain."""
    explain()


@dg.job(description="Keep two identifiers in two persons; a dry run unless told otherwise.")
def unmerge_identity() -> None:
    """One op: unmerge."""
    unmerge()


@dg.job(description="Forget persons or identifiers, with proof; a dry run unless told otherwise.")
def erase_identity() -> None:
    """One op: erase_asked."""
    erase_asked()


@dg.job(description="Who would merge or split under the rules as they stand in the files now.")
def preview_rules() -> None:
    """One op: preview_changes."""
    preview_changes()


@dg.asset(
    key=LINKS_KEY,
    deps=[
        get_asset_key_for_model([warehouse_models], "int_contracts__contacts"),
        get_asset_key_for_model([warehouse_models], "int_identity__limited"),
    ],
    group_name="identity",
    kinds={"python"},
)
def probabilistic_links(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Contacts that are one person by name, birth date and address, with a score (keys only).

    No part of the daily job; the links count from the next build on.
    """
    with WAREHOUSE.connect() as connection:
        try:
            report = link_contacts(
                connection, scratch=PATHS.warehouse.parent, progress=context.log.info
            )
        except MatchingUnavailable as error:
            raise dg.Failure(str(error)) from error
        save_state(connection, PATHS.state)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": report.links,
            "contacts": report.contacts,
            "new": report.new,
            "gone": report.gone,
            "model": dg.MetadataValue.md(f"```\n{report.text()}\n```"),
        }
    )


link_identity = dg.define_asset_job(
    "link_identity",
    selection=dg.AssetSelection.assets(LINKS_KEY),
    description="The probabilistic pass: links between contacts, used from the next build on.",
)

link_schedule = dg.ScheduleDefinition(
    name="link_schedule",
    job=link_identity,
    cron_schedule="0 3 * * 0",
    execution_timezone=SETTINGS.timezone,
    description="Sundays at 03:00 in the tenant's time zone; off until somebody starts it.",
)
