"""What the brand keeps about people: contacts of the CRM, members of the loyalty programme."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import text
from data.simulator.arrow import pc
from data.simulator.sources.block import Block, Rows, subset
from data.simulator.sources.rewards import tier_of
from data.simulator.world import ANONYMOUS, REGISTERED

_ACQUIRED = ("web", "store", "event", "paid_social", "paid_search", "referral", "app")


def write_customers(block: Block) -> None:
    """Rows that describe persons rather than what they do."""
    _crm(block, known_persons(block))
    _members(block)


def known_persons(block: Block) -> np.ndarray:
    """Places of the persons whose address the brand has at the end."""
    world = block.world
    return np.flatnonzero((world.kind != ANONYMOUS) & (world.known_day < block.args.days))


def moments(block: Block, who: np.ndarray, day: np.ndarray, hour: int) -> Rows:
    """Rows at `hour` o'clock and some minutes."""
    minute = (block.world.person[who] * 37 + day * 11) % 3000
    return {"who": who, "day": day.astype(np.int64), "second": hour * 3600 + minute}


def _crm(block: Block, known: np.ndarray) -> None:
    world, draws, args = block.world, block.draws, block.args
    in_crm = (world.kind[known] == REGISTERED) | (
        draws.uniform("in crm", world.person[known]) < 0.6
    )
    who = known[in_crm]
    person = world.person[who]
    day = world.known_day[who]
    _contacts(block, moments(block, who, day, 9), 0, 0)
    # Corrected rows: the CRM learns of a changed address, or somebody moves a detail.
    later = world.changed_email_day[who] + 10
    learns = (later < args.days) & (later > day)
    _contacts(block, moments(block, who[learns], later[learns], 14), 0, 1)
    edit_day = draws.integers("crm edit on", args.days, person)
    edits = (draws.uniform("crm edit", person) < 0.06) & (edit_day > day) & ~learns
    _contacts(block, moments(block, who[edits], edit_day[edits], 15), 0, 2)
    # Duplicates: typed in again by somebody else.
    for copy in (1, 2):
        again = (
            draws.uniform(f"crm duplicate {copy}", person) < (0.05, 0.006)[copy - 1] * args.noise
        )
        when = draws.integers(f"crm duplicate on {copy}", args.days, person)
        again &= when > day
        _contacts(block, moments(block, who[again], when[again], 11), copy, 0)


def _contacts(block: Block, rows: Rows, copy: int, version: int) -> None:
    if not len(rows["who"]):
        return
    world, draws, ids = block.world, block.draws, block.ids
    who, day = rows["who"], rows["day"]
    person = world.person[who]
    uid = person * 16 + copy * 4 + version
    record = person * 4 + copy  # what is typed stays the same until somebody corrects it
    first, last = ids.typed_names(who, "crm", record)
    customer = ids.customer_no(who)
    if copy:
        customer = text.only(customer, draws.uniform("crm copy has number", uid) < 0.35)
    email = ids.email(who, day) if not copy else ids.typed_email(who, day, "crm", uid)
    email = text.only(email, draws.uniform("crm has email", record) < (0.97 if not copy else 0.8))
    mobile = ids.typed_phone(who, day, "crm", record)
    home = world.household[who]
    landline = text.join("044 2", text.strings(100_000 + home % 900_000))
    landline = text.join(
        pc.utf8_slice_codeunits(landline, 0, 7), " ", pc.utf8_slice_codeunits(landline, 7, 9), " ",
        pc.utf8_slice_codeunits(landline, 9, 11),
    )  # fmt: skip
    birth = text.join(
        text.strings(world.birth_year[who]), "-",
        pc.utf8_lpad(text.strings(1 + world.birth_day[who] % 12), 2, "0"), "-",
        pc.utf8_lpad(text.strings(1 + world.birth_day[who] % 28), 2, "0"),
    )  # fmt: skip
    unknown = draws.uniform("crm unknown", record) < 0.01 * block.args.noise
    referrer = world.referrer[who]
    # The recommending contact, by the same numbering as Identities.contact_id.
    refers = text.join(
        "K", text.strings((np.maximum(referrer, 0) * 69_621 + 99_991) % 899_999_981 * 4)
    )
    block.emit(
        "crm", "contacts", rows, uid,
        {
            "contact_id": ids.contact_id(who, copy),
            "customer_no": customer,
            "email": email,
            "is_email_verified": text.pick(
                ["false", "true"], (world.consents["email"][who] & (copy == 0)).astype(int)
            ),
            "phone": text.only(landline, draws.uniform("landline", home) < 0.25),
            "mobile": mobile,
            "instagram": text.only(ids.handle(who), draws.uniform("crm handle", record) < 0.06),
            "first_name": pc.if_else(pa.array(unknown), pa.scalar("unknown"), first),
            "last_name": pc.if_else(pa.array(unknown), pa.scalar("unknown"), last),
            "birth_date": text.only(birth, draws.uniform("crm birth", record) < 0.7),
            "gender": text.pick(["f", "m"], world.gender[who]),
            **ids.address(who),
            "country_code": "CH",
            "language_code": pa.array(world.language[who], pa.string()),
            "timezone": "Europe/Zurich",
            "acquisition_channel": text.pick(_ACQUIRED, draws.integers("acquired", 7, person)),
            "referred_by_contact_id": text.only(refers, referrer >= 0),
            "shoe_size": text.only(
                text.strings(36 + draws.integers("shoe", 11, person)),
                draws.uniform("crm shoe", record) < 0.3,
            ),
            "favourite_sport": text.only(
                text.pick(["hiking", "climbing", "running", "skiing", "biking"], person % 5),
                draws.uniform("crm sport", record) < 0.3,
            ),
            "club_member": text.pick(
                ["N", "Y"], (draws.uniform("club", person) < 0.15).astype(int)
            ),
            "updated_at": block.moment(rows),
        },
        record="contact_id",
        delivered=np.where(day < 0, -1, day),
    )  # fmt: skip


def _members(block: Block) -> None:
    world, args = block.world, block.args
    who = np.flatnonzero(world.loyalty_day < args.days)
    if not len(who):
        return
    rows = moments(block, who, world.loyalty_day[who], 16)
    _member_rows(block, rows, rows, 0)
    moved_day = block.draws.integers("member edit on", args.days, world.person[who])
    moved = (block.draws.uniform("member edit", world.person[who]) < 0.08) & (
        moved_day > world.loyalty_day[who]
    )
    joined = subset(rows, moved)
    _member_rows(block, moments(block, who[moved], moved_day[moved], 17), joined, 1)


def _member_rows(block: Block, rows: Rows, joined: Rows, version: int) -> None:
    world, draws, ids = block.world, block.draws, block.ids
    who, day = rows["who"], rows["day"]
    person = world.person[who]
    first, last = ids.typed_names(who, "loyalty", person)
    shares = (world.household_size[who] > 1) & (
        draws.uniform("points at home", world.household[who]) < 0.5
    )
    home = text.join("H", text.strings(100_000 + world.household[who]))
    block.emit(
        "loyalty", "members", rows, person * 2 + version,
        {
            "card_no": ids.card_no(who, day),
            "customer_no": text.only(
                ids.customer_no(who, day), draws.uniform("member number", person) < 0.9
            ),
            "household_no": text.only(home, shares),
            "email": text.only(
                ids.typed_email(who, day, "loyalty", person),
                draws.uniform("member email", person) < 0.9,
            ),
            "phone": text.only(
                ids.typed_phone(who, day, "loyalty", person),
                draws.uniform("member phone", person) < 0.6,
            ),
            "first_name": first,
            "last_name": last,
            "postal_code": ids.address(who)["postal_code"],
            "tier": tier_of(block, who) if version else "basic",
            "joined_at": block.moment(joined),
            "joined_via": text.pick(["store", "app", "web"], person % 3),
            "updated_at": block.moment(rows),
        },
        record="card_no",
        delivered=np.where(day < 0, -1, day),
    )  # fmt: skip
