"""Values of identifiers and attributes: e-mail addresses, phones, cookies, cards, names.

Belongs here: which value a person shows in a record, and how it is mistyped or shared: second and
changed addresses, letter case and blanks, re-assigned phone numbers, rotated cookies, the family
tablet, placeholders. Does not belong here: which record shows it (sources/).
`who` are places in the block, `uid` the record's own number, `day` simulated days.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.simulator import names, text
from data.simulator.arrow import pc
from data.simulator.world import World

_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "é": "e", "è": "e", "ë": "e", " ": ""})
_SLOTS = ("desktop", "mobile", "tablet")
PHONES = 50_000_000
_CARD_SHARED = 0.01


class Identities:
    """Identifier values of one block of persons."""

    def __init__(self, world: World) -> None:
        self.world, self.draws, self.noise = world, world.draws, world.args.noise
        person = world.person
        female, male = (names.FIRST_NAMES[key] for key in "FM")
        self.first_names = text.pick([*female, *male], world.first_name + 40 * world.gender)
        self.last_names = text.pick(names.LAST_NAMES, world.last_name)
        self.first_email, self.second_email = (self._emails(copy) for copy in (0, 1))
        customer = 10_000_000 + (person * 48_271 + 77_777) % 89_999_999
        self._customers = text.join("C", text.strings(customer))
        card = 100_000_000 + (person * 69_621 + 4_711) % 899_999_981
        self._cards = text.join("ALP", text.strings(card))
        self._handles = text.join(
            pc.utf8_lower(text.pick([n.translate(_FOLD) for n in (*female, *male)],
                                    world.first_name + 40 * world.gender)),
            "_", text.strings(self.draws.hex("handle", 6, person)),
        )  # fmt: skip

    def _emails(self, copy: int) -> pa.Array:
        world, draws = self.world, self.draws
        called = [*names.FIRST_NAMES["F"], *names.FIRST_NAMES["M"]]
        first = text.pick(
            [n.translate(_FOLD).lower() for n in called], world.first_name + 40 * world.gender
        )
        last = text.pick([n.translate(_FOLD).lower() for n in names.LAST_NAMES], world.last_name)
        initial = pc.utf8_slice_codeunits(first, 0, 1)
        style = draws.integers(f"email style {copy}", 3, world.person)
        local = pc.choose(
            pa.array(style), text.join(first, ".", last), text.join(initial, last),
            text.join(last, "-", first),
        )  # fmt: skip
        domain = draws.choose(f"domain {copy}", np.array([34, 26, 20, 12, 8]), world.person)
        number = text.strings(world.person * 2 + copy + 11)
        return text.join(local, number, "@", text.pick(names.DOMAINS, domain))

    def customer_no(self, who: np.ndarray, day: np.ndarray | None = None) -> pa.Array:
        """Customer number; null for persons without account (on that day)."""
        world = self.world
        has = world.kind[who] == 2
        if day is not None:
            has &= world.known_day[who] <= day
        return text.only(self._customers.take(pa.array(who)), has)

    def card_no(self, who: np.ndarray, day: np.ndarray) -> pa.Array:
        """Loyalty card; null without one (on that day)."""
        has = self.world.loyalty_day[who] <= day
        return text.only(self._cards.take(pa.array(who)), has)

    def contact_id(self, who: np.ndarray, copy: np.ndarray | int = 0) -> pa.Array:
        """CRM row of a person; `copy` > 0 are duplicates."""
        number = (self.world.person[who] * 69_621 + 99_991) % 899_999_981
        return text.join("K", text.strings(number * 4 + copy))

    def email(self, who: np.ndarray, day: np.ndarray) -> pa.Array:
        """The address that the person names first on that day, clean; null when anonymous."""
        return self._address(who, day >= self.world.changed_email_day[who])

    def listed_email(self, who: np.ndarray, day: np.ndarray) -> pa.Array:
        """The address on the brand's sending list: it learns of a change ten days later."""
        world = self.world
        second = (day >= world.changed_email_day[who] + 10) | world.opted_out_first[who]
        return self._address(who, second)

    def _address(self, who: np.ndarray, second: np.ndarray) -> pa.Array:
        place = pa.array(who)
        chosen = pc.if_else(
            pa.array(second), self.second_email.take(place), self.first_email.take(place)
        )
        return text.only(chosen, self.world.kind[who] != 0)

    def typed_email(
        self, who: np.ndarray, day: np.ndarray, stream: str, uid: np.ndarray
    ) -> pa.Array:
        """An address as typed: maybe the second one, in capitals, with blanks."""
        world, draws = self.world, self.draws
        second = (day >= world.changed_email_day[who]) | (
            world.has_second_email[who] & (draws.uniform(f"{stream} which", uid) < 0.35)
        )
        value = self._address(who, second)
        luck = draws.uniform(f"{stream} typed", uid) / max(self.noise, 1e-9)
        value = pc.if_else(pa.array(luck < 0.06), pc.utf8_capitalize(value), value)
        value = pc.if_else(pa.array((luck >= 0.06) & (luck < 0.09)), pc.utf8_upper(value), value)
        value = pc.if_else(pa.array((luck >= 0.09) & (luck < 0.11)), text.join(" ", value), value)
        return pc.if_else(pa.array((luck >= 0.11) & (luck < 0.13)), text.join(value, "  "), value)

    def with_placeholder(
        self, value: pa.Array, stream: str, uid: np.ndarray, share: float
    ) -> pa.Array:
        """Some typed values replaced by what staff types to get on."""
        luck = self.draws.uniform(f"{stream} placeholder", uid) < share * self.noise
        which = self.draws.integers(f"{stream} which placeholder", 3, uid)
        return pc.if_else(pa.array(luck), text.pick(names.PLACEHOLDER_EMAILS, which), value)

    def _phone_number(self, who: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Index of the number. Some pairs of persons (p, p + 5): p gives it up, p + 5 gets it."""
        person = self.world.person[who]
        pair = person // 10
        moves = self.draws.uniform("phone moves", pair) < 0.15 * self.noise
        when = self.draws.integers("phone moves on", max(self.world.args.days - 20, 1), pair)
        giver, taker = moves & (person % 10 == 0), moves & (person % 10 == 5)
        number = np.where(taker & (day >= when), person - 5, person)
        number = np.where(giver & (day >= when), person + PHONES // 2, number)
        return (number * 7_919 + 1_234_567) % PHONES

    def phone(self, who: np.ndarray, day: np.ndarray) -> pa.Array:
        """Mobile number of the day in E.164; null without one."""
        digits = text.strings(750_000_000 + self._phone_number(who, day))
        return text.only(text.join("+41", digits), self.world.has_phone[who])

    def typed_phone(
        self, who: np.ndarray, day: np.ndarray, stream: str, uid: np.ndarray
    ) -> pa.Array:
        """Mobile number in the notation somebody typed; some placeholders."""
        plain = pc.utf8_slice_codeunits(self.phone(who, day), 3)
        part = [pc.utf8_slice_codeunits(plain, a, b) for a, b in ((0, 2), (2, 5), (5, 7), (7, 9))]
        style = self.draws.choose(f"{stream} phone", np.array([45, 35, 20]), uid)
        value = pc.choose(
            pa.array(style), text.join("+41", plain),
            text.join(text.join("0", part[0]), " ", part[1], " ", part[2], " ", part[3]),
            text.join("0041 ", plain),
        )  # fmt: skip
        lazy = self.draws.uniform(f"{stream} no phone", uid) < 0.01 * self.noise
        return pc.if_else(pa.array(lazy), pa.scalar("0000000000"), value)

    def cookie(self, who: np.ndarray, day: np.ndarray, stream: str, uid: np.ndarray):
        """(cookie id, device type index) of a visit; the family tablet is shared by a household."""
        world, draws = self.world, self.draws
        person = world.person[who]
        desk = draws.uniform("has desktop", person) < 0.6
        mobile = draws.uniform("has mobile", person) < 0.85
        slot = np.where(desk & (~mobile | (draws.uniform(f"{stream} slot", uid) < 0.45)), 0, 1)
        family = (world.household_size[who] > 1) & (
            draws.uniform("family tablet", world.household[who]) < 0.3 * min(self.noise, 2)
        )
        family &= draws.uniform(f"{stream} family", uid) < 0.2
        slot = np.where(family, 2, slot)
        owner = np.where(family, world.household[who], person)
        turns = draws.uniform("cookie turns", owner, slot) < 0.3 * self.noise
        turn_day = draws.integers("cookie turns on", world.args.days, owner, slot)
        version = (turns & (day >= turn_day)).astype(np.int64)
        return text.strings(draws.uuid("cookie", owner, slot, version)), slot

    def device_types(self, slot: np.ndarray) -> pa.Array:
        """Words for the device type index of `cookie`."""
        return text.pick(_SLOTS, slot)

    def device(self, who: np.ndarray, day: np.ndarray) -> tuple[pa.Array, pa.Array, np.ndarray]:
        """(device id, push token, is ios) of the app; a reinstallation changes the token."""
        draws, person = self.draws, self.world.person[who]
        swap = draws.uniform("new phone", person) < 0.06 * self.noise
        swapped = swap & (day >= draws.integers("new phone on", self.world.args.days, person))
        fresh = draws.uniform("reinstall", person) < 0.12 * self.noise
        again = fresh & (day >= draws.integers("reinstall on", self.world.args.days, person))
        device = text.strings(draws.uuid("device", person, swapped))
        token = text.strings(draws.hex("token", 32, person, swapped * 2 + again))
        return device, token, draws.uniform("ios", person, swapped) < 0.45

    def payment_token(self, who: np.ndarray, uid: np.ndarray) -> pa.Array:
        """Token of the card used; a few use the card of somebody at home."""
        person = self.world.person[who]
        own = self.draws.uniform("card shared", uid) >= _CARD_SHARED * self.noise
        holder = np.where(own, person, self.world.household[who])
        second = (self.draws.uniform("card second", uid) < 0.15).astype(np.int64)
        return text.join("tok_", text.strings(self.draws.hex("card", 20, holder, second)))

    def handle(self, who: np.ndarray) -> pa.Array:
        """Handle on social networks."""
        return self._handles.take(pa.array(who))

    def typed_names(
        self, who: np.ndarray, stream: str, uid: np.ndarray
    ) -> tuple[pa.Array, pa.Array]:
        """(first, last) name; some last names lack a letter, some records are in capitals."""
        first, last = (values.take(pa.array(who)) for values in (self.first_names, self.last_names))
        luck = self.draws.uniform(f"{stream} name", uid) / max(self.noise, 1e-9)
        shorter = text.join(pc.utf8_slice_codeunits(last, 0, 2), pc.utf8_slice_codeunits(last, 3))
        last = pc.if_else(pa.array(luck < 0.02), shorter, last)
        loud = pa.array((luck >= 0.02) & (luck < 0.05))
        return pc.if_else(loud, pc.utf8_upper(first), first), pc.if_else(
            loud, pc.utf8_upper(last), last
        )

    def address(self, who: np.ndarray) -> dict[str, pa.Array]:
        """street, postal_code, city of the household."""
        home = self.world.household[who]
        street = text.pick(names.STREETS, self.draws.integers("street", len(names.STREETS), home))
        number = text.strings(1 + self.draws.integers("house number", 120, home))
        town = self.world.town[who]
        return {
            "street": text.join(street, " ", number),
            "postal_code": text.pick([row[0] for row in names.TOWNS], town),
            "city": text.pick([row[1] for row in names.TOWNS], town),
        }
