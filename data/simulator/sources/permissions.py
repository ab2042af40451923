"""What people allow and what lots they drew: consent centre, preferences, experiments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.settings import EXPERIMENT_HOLDOUT, EXPERIMENT_VARIANT, HOLDOUT_SHARE
from data.simulator.sources.block import Block, Rows, subset
from data.simulator.sources.customers import known_persons, moments
from data.simulator.world import REGISTERED


def write_permissions(block: Block) -> None:
    """Consents, preferences and experiment lots of the block."""
    known = known_persons(block)
    _consents(block, known)
    _preferences(block, known)
    _holdout(block, known)
    _variant(block)


def _consents(block: Block, known: np.ndarray) -> None:
    world, draws, ids, args = block.world, block.draws, block.ids, block.args
    person = world.person[known]
    day = world.known_day[known]
    registered = world.kind[known] == REGISTERED
    asked = {
        "email": np.ones(len(known), dtype=bool),
        "sms": world.has_phone[known],
        "push": world.has_app[known],
        "direct_mail": registered & (draws.uniform("asked post", person) < 0.85),
        "call_center": registered & (draws.uniform("asked phone", person) < 0.2),
    }
    for number, (channel, where) in enumerate(asked.items()):
        said = world.consents["phone" if channel == "call_center" else channel][known]
        # Who says no is noted only sometimes; who says yes, always.
        where = where & (said | (draws.uniform(f"no noted {channel}", person) < 0.4))
        who = known[where]
        status = text.pick(["denied", "granted"], said[where].astype(int))
        rows = moments(block, who, day[where], 10)
        if channel == "email":
            kind, value = "email", ids.first_email.take(pa.array(who))
        elif channel in ("sms", "call_center"):
            kind, value = "phone", ids.phone(who, rows["day"])
            has = world.has_phone[who]
            rows, value, status = (
                subset(rows, has),
                value.filter(pa.array(has)),
                status.filter(pa.array(has)),
            )
        elif channel == "push":
            kind, value = "device_id", ids.device(who, rows["day"])[0]
        else:
            kind, value = "customer_id", ids.customer_no(who)
        _consent(block, rows, number, kind, value, channel, "marketing", status)
    # Two addresses of one person: the first opted out, the second in.
    two = known[world.has_second_email[known]]
    when = draws.integers("second email on", args.days, world.person[two])
    rows = moments(block, two, np.maximum(when, world.known_day[two] + 1), 12)
    rows = subset(rows, rows["day"] < args.days)
    _consent(block, rows, 5, "email", ids.second_email.take(pa.array(rows["who"])), "email",
             "marketing", "granted")  # fmt: skip
    out = subset(rows, world.opted_out_first[rows["who"]])
    out["second"] = out["second"] + 60
    _consent(block, out, 6, "email", ids.first_email.take(pa.array(out["who"])), "email",
             "marketing", "withdrawn")  # fmt: skip
    objects = known[draws.uniform("objects profiling", person) < 0.02]
    on = draws.integers("objects on", args.days, world.person[objects])
    rows = moments(block, objects, np.maximum(on, world.known_day[objects] + 1), 13)
    rows = subset(rows, (rows["day"] < args.days) & (world.kind[rows["who"]] == REGISTERED))
    _consent(block, rows, 7, "customer_id", ids.customer_no(rows["who"]), "all", "profiling",
             "objected")  # fmt: skip


def _consent(
    block: Block, rows: Rows, number: int, kind: str, value: pa.Array, channel: str, purpose: str,
    status: text.Values,
) -> None:  # fmt: skip
    if not len(rows["who"]):
        return
    uid = block.world.person[rows["who"]] * 8 + number
    block.emit(
        "consent", "events", rows, uid,
        {
            "id": text.strings(block.draws.uuid("consent", uid)),
            "occurred_at": block.moment(rows),
            "subject_type": kind,
            "subject_value": value,
            "customer_id": text.only(
                block.ids.customer_no(rows["who"]),
                block.draws.uniform("consent logged in", uid) < 0.7,
            ),
            "channel": channel,
            "purpose": purpose,
            "status": status,
            "jurisdiction": "CH",
            "legal_basis": "consent",
            "text_version": "2025-03",
            "proof": text.join("form-", text.strings(block.draws.hex("proof", 10, uid))),
        },
        record="id",
        delivered=np.where(rows["day"] < 0, -1, rows["day"]),
    )  # fmt: skip


def _preferences(block: Block, known: np.ndarray) -> None:
    world, draws, ids = block.world, block.draws, block.ids
    person = world.person[known]
    who = known[draws.uniform("preference", person) < 0.08]
    when = draws.integers("preference on", block.args.days, world.person[who])
    rows = moments(block, who, np.maximum(when, world.known_day[who]), 18)
    if not len(who):
        return
    uid = world.person[who]
    kind = draws.integers("preference kind", 4, uid)
    number = draws.integers("preference value", 2, uid)
    words = [
        ["weekly", "monthly"],
        ["climbing", "trails"],
        ["email", "push"],
        ["21:00-08:00", "22:00-07:00"],
    ]
    block.emit(
        "consent", "preferences", rows, uid,
        {
            "change_id": text.join("PC", text.strings(draws.hex("preference no", 12, uid))),
            "customer_no": ids.customer_no(who),
            "email": ids.email(who, rows["day"]),
            "preference": text.pick(["frequency", "topic", "channel", "quiet_hours"], kind),
            "value": text.pick([w for pair in words for w in pair], kind * 2 + number),
            "is_explicit": "true",
            "changed_at": block.moment(rows),
        },
        record="change_id",
        delivered=np.where(rows["day"] < 0, -1, rows["day"]),
    )  # fmt: skip


def _holdout(block: Block, known: np.ndarray) -> None:
    """Everybody known gets a lot in the universal holdout, on the day of becoming known."""
    world = block.world
    rows = moments(block, known, np.maximum(world.known_day[known], 0), 4)
    held = world.is_holdout[known]
    _assignment(
        block, rows, 0, EXPERIMENT_HOLDOUT,
        text.pick(["contactable", "holdout"], held.astype(int)),
        text.pick([f"{1 - HOLDOUT_SHARE:.2f}", f"{HOLDOUT_SHARE:.2f}"], held.astype(int)),
    )  # fmt: skip


def _variant(block: Block) -> None:
    """The e-mail creative test: exposure is the first campaign mail that a person gets."""
    rows = block.rows("email")
    if rows is None:
        return
    order = np.lexsort((rows["slot"], rows["day"], rows["who"]))
    first = order[np.unique(rows["who"][order], return_index=True)[1]]
    rows = subset(rows, first)
    _assignment(
        block, rows, 1, EXPERIMENT_VARIANT,
        text.pick(["A", "B"], block.world.is_variant_b[rows["who"]]), "0.50",
        channel="email", content=block.content_ids(rows["campaign"], rows["who"]),
    )  # fmt: skip


def _assignment(
    block: Block, rows: Rows, number: int, experiment: str, variant: pa.Array,
    probability: text.Values, channel: str | None = None, content: pa.Array | None = None,
) -> None:  # fmt: skip
    if not len(rows["who"]):
        return
    uid = block.world.person[rows["who"]] * 2 + number
    customer = block.ids.customer_no(rows["who"], rows["day"])
    email = block.ids.listed_email(rows["who"], rows["day"])
    block.emit(
        "experiments", "assignments", rows, uid,
        {
            "assignment_id": text.join("A", text.strings(block.draws.hex("lot", 14, uid))),
            "experiment_id": experiment,
            "variant": variant,
            "unit": "person",
            "customer_no": customer,
            "email": text.only(email, customer.is_null().to_numpy(zero_copy_only=False)),
            "assigned_at": block.moment(rows),
            "exposed_at": block.moment(rows),
            "probability": probability,
            "channel": channel,
            "content_id": content,
        },
        record="assignment_id",
    )  # fmt: skip
