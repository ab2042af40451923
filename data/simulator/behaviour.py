"""Why people do what they do: needs, touches, offers, leaving, buying; one day after the other.

The hazard of a purchase on a day is a sum of causes, so that the truth can say which cause made it:

    hazard = season * (base + need + sum over channels of goodwill + open offer + creative B)

A need arises by itself and fades within days (or ends with the purchase); it drives visits too, so
visits foretell purchases without causing them. Goodwill of a channel rises by its effect (times the
person's affinity) with every engaged touch and decays by its half-life. Who has left does nothing.
Belongs here: these rules, and a log of what happened (facts). Does not belong here: identifiers and
files. Switching causes off (`off`) leaves all luck the same: the counterfactual world.
"""

from __future__ import annotations

import numpy as np

from data.simulator.calendar import OFFER_DAYS, WAVES, Plan
from data.simulator.facts import SOURCE, Facts
from data.simulator.odds import leaning
from data.simulator.settings import (
    CAUSES,
    CHANNEL,
    CONTACT_RATES,
    DAY,
    NEED_HALF_LIFE,
    PULL_RATES,
    Arguments,
)
from data.simulator.state import State
from data.simulator.world import ANONYMOUS, World


def cutoff_days(args: Arguments) -> list[int]:
    """Days before whose start the true probability is noted: the end, and every 30 days back."""
    return sorted(day for day in range(args.days, 29, -30))


def simulate(world: World, plan: Plan, off: frozenset[str] = frozenset()) -> Facts:
    """Run all days of one block. `off`: causes (settings.CAUSES) whose effect is switched off."""
    return _Simulation(world, plan, off).run()


class _Simulation(State):
    def run(self) -> Facts:
        expected = np.zeros((len(self.world), len(CAUSES)))
        probabilities = {}
        cutoffs = set(cutoff_days(self.args))
        for day in range(self.args.days):
            if day in cutoffs:
                probabilities[day] = self._odds(day)
            self._morning(day)
            self._outbound(day)
            self._pull(day)
            self._contacts(day)
            expected += self._purchase(day)
            self._evening(day)
        probabilities[self.args.days] = self._odds(self.args.days)
        return Facts(self.log.tables(), expected, self.left_day, probabilities)

    def _morning(self, day: int) -> None:
        """Yesterday's needs and goodwill fade, new needs arise."""
        world = self.world
        self.alive = self.left_day > day
        self.season = self.args.season(day)
        self.need *= 0.5 ** (1.0 / NEED_HALF_LIFE)
        self.goodwill *= self.decay
        self.extra_b *= self.decay[CHANNEL["email"]]
        self.fatigue *= 0.93
        arises = self.alive & (self._luck("need", day) < world.need_rate * self.season)
        self.need += arises * (0.5 - 0.8 * np.log(1.0 - self._luck("need size", day)))
        signs_up = (world.known_day == day) & self.alive
        who = np.flatnonzero(signs_up & (world.kind != ANONYMOUS))
        self.log.add("sign_ups", who, day, second=self._hour_second("sign up", day, who))

    def _outbound(self, day: int) -> None:
        for channel in ("email", "sms", "push", "direct_mail"):
            index = self.plan.by_day[channel].get(day)
            if index is not None:
                share = self.plan.campaigns[index].share
                luck = self._luck(f"pick {channel}", day)
                picked = self._reachable(channel, day) & (luck < share)
                self._send(channel, day, np.flatnonzero(picked), index, slot=0)
        left_cart = (self.cart_day == day - 1) & self._reachable("email", day)
        who = np.flatnonzero(left_cart & (self._luck("cart mail", day) < 0.7))
        self._send("email", day, who, -1, slot=1)

    def _send(self, channel: str, day: int, who: np.ndarray, campaign: int, slot: int) -> None:
        """One message each: what it does to the receiver, and what he does with it."""
        world, draws = self.world, self.world.draws
        if not len(who):
            return
        person = world.person[who]

        def luck(stream: str) -> np.ndarray:
            return draws.uniform(f"{channel}/{stream}", day * 2 + slot, person)

        affinity = world.affinity[who, CHANNEL[channel]]
        alive = self.alive[who]
        has_offer = np.zeros(len(who), dtype=bool)
        if campaign >= 0 and self.plan.campaigns[campaign].offer:
            has_offer = luck("offer") < 0.5
        wave = np.array(WAVES)[(luck("wave") * len(WAVES)).astype(int)]
        if channel != "email":
            wave = np.full(len(who), {"sms": 17, "push": 18, "direct_mail": 10}[channel] * 3600)
        second = wave + (luck("jitter") * 1500).astype(np.int64)
        distance = np.abs(second / 3600.0 - world.preferred_hour[who])
        fit = 0.55 + 0.75 * np.exp(-((distance / 3.0) ** 2))
        bounced = luck("bounce") < 0.006
        reach = {"email": 0.30, "sms": 0.70, "push": 0.30, "direct_mail": 0.55}[channel]
        opened = alive & ~bounced & (luck("open") < reach * np.sqrt(affinity) * fit)
        pull = (1 + 0.5 * np.minimum(self.need[who], 2)) * (1 + 0.35 * has_offer)
        better = 1 + 0.35 * (world.is_variant_b[who] & (channel == "email"))
        rate = {"email": 0.16, "sms": 0.13, "push": 0.45, "direct_mail": 0.0}[channel]
        clicked = opened & (luck("click") < rate * np.sqrt(affinity) * pull * better)
        leaves = ~bounced & ~clicked & (luck("unsubscribe") < 0.0035)
        self._touch(who[opened], channel, 0.35 if channel != "direct_mail" else 1.0)
        self._touch(who[clicked], channel, 0.65)
        self.fatigue[who] += 0.10
        delay = (60 + luck("delay") ** 2 * 5 * 3600).astype(np.int64)
        open_second = np.minimum(second + delay, DAY - 900)
        click_second = open_second + 15 + (luck("click delay") * 120).astype(np.int64)
        self.log.add(
            channel, who, day, slot=slot, campaign=campaign, second=second, has_offer=has_offer,
            opened=opened, clicked=clicked, bounced=bounced, leaves=leaves,
            open_second=open_second, click_second=click_second,
            machine=world.apple_mail[who] & ~bounced, scanner=luck("scanner") < 0.02,
        )  # fmt: skip
        if campaign >= 0:
            offered = who[has_offer & ~bounced]
            self.offer[offered] = campaign
            self.offer_until[offered] = day + OFFER_DAYS
        if channel != "direct_mail":
            gone = who[leaves]
            self.consents[channel][gone] = False
            at = clicked
            self._visit(
                day, who[at], channel, click_second[at] + 5, slot=2 + slot + 2 * (channel == "sms")
                + 3 * (channel == "push"), campaign=campaign, message_slot=slot,
            )  # fmt: skip

    def _pull(self, day: int) -> None:
        """Visits: by oneself (need, habit), and those that ads, posts and friends bring."""
        world = self.world
        for number, (channel, rate) in enumerate(PULL_RATES.items()):
            chance = rate * leaning(world, channel) * self.season
            who = np.flatnonzero(self.alive & (self._luck(f"pull {channel}", day) < chance))
            self._touch(who, channel, 1.0)
            self._visit(day, who, channel, self._hour_second(channel, day, who), slot=8 + number)
        moved = self.goodwill.sum(axis=1)
        rate = self.alive * (world.browse_rate * self.season + 0.16 * self.need + 1.2 * moved)
        who = np.flatnonzero(self._luck("own visit", day) < 1.0 - np.exp(-np.minimum(rate, 3.0)))
        draw = self.world.draws.uniform("own source", day, world.person[who])
        paid = draw < np.minimum(0.16 * world.affinity[who, CHANNEL["paid_search"]], 0.5)
        second = self._hour_second("own visit", day, who)
        self._touch(who[paid], "paid_search", 1.0)
        self._visit(day, who[paid], "paid_search", second[paid], slot=0)
        free = np.flatnonzero(~paid)
        organic = draw[free] > 0.66
        self._visit(day, who[free[organic]], "organic_search", second[free[organic]], slot=0)
        self._visit(day, who[free[~organic]], "direct", second[free[~organic]], slot=0)

    def _visit(
        self, day: int, who: np.ndarray, source: str, second: np.ndarray, slot: int,
        campaign: int = -1, message_slot: int = 0,
    ) -> None:  # fmt: skip
        """A visit to web or app: a need makes people look at more; some fill a cart."""
        world, draws = self.world, self.world.draws
        person = world.person[who]
        depth = draws.uniform(f"depth {slot}", day, person) + 0.25 * np.minimum(self.need[who], 2)
        hits = np.select([depth > 1.05, depth > 0.7, depth > 0.4], [4, 3, 2], 1)
        carts = (hits >= 3) & (draws.uniform(f"cart {slot}", day, person) < 0.35)
        in_app = world.has_app[who] & (world.known_day[who] < day) & (
            (source == "push") | ((draws.uniform(f"in app {slot}", day, person) < 0.65)
                                  & (source in ("direct", "organic_search", "email")))
        )  # fmt: skip
        self.cart_day[who[carts]] = day
        self.log.add(
            "visits", who, day, second=second, slot=slot, source=SOURCE[source], hits=hits,
            carts=carts, in_app=in_app, campaign=campaign, message_slot=message_slot,
        )  # fmt: skip

    def _contacts(self, day: int) -> None:
        """Talking and meeting: kiosk, call centre, chat, brand events, posts of one's own."""
        world = self.world
        wish = self.alive * (1 + 1.5 * np.minimum(self.need, 2))
        for channel, rate in CONTACT_RATES.items():
            chance = rate * leaning(world, channel) * wish
            who = np.flatnonzero(self._luck(channel, day) < chance)
            self._touch(who, channel, 1.0)
            draw = world.draws.uniform(f"{channel} hour", day, world.person[who])
            self.log.add(channel, who, day, second=((9.2 + 8.5 * draw) * 3600).astype(np.int64))
        looks = 0.004 * world.response * wish * (world.loyalty_day < day)
        who = np.flatnonzero(self._luck("door", day) < looks)
        draw = world.draws.uniform("door hour", day, world.person[who])
        self.log.add("store_visits", who, day, second=((9.2 + 9.0 * draw) * 3600).astype(np.int64))
        for event in self.plan.events:
            if event.day == day:
                near = world.affinity[:, CHANNEL["event"]] * (1 + 2 * (world.store == event.store))
                might = self.alive & (world.kind != ANONYMOUS) & (world.known_day < day)
                who = np.flatnonzero(might & (self._luck("event", day) < 0.012 * near))
                comes = world.draws.uniform("event comes", day, world.person[who]) < 0.75
                self._touch(who[comes], "event", 1.0)
                self.log.add("event", who, day, comes=comes, second=10 * 3600)
        likes = 0.0012 * world.affinity[:, CHANNEL["organic_social"]]
        who = np.flatnonzero(self.alive & (self._luck("likes", day) < likes))
        self.log.add("social", who, day, second=self._hour_second("likes", day, who))

    def _purchase(self, day: int) -> np.ndarray:
        world, draws = self.world, self.world.draws
        self.offer_until[self.offer_until < day] = -1
        hazards = self._hazards() * (self.season * self.alive)[:, None]
        total = hazards.sum(axis=1)
        probability = 1.0 - np.exp(-total)
        weight = np.divide(probability, total, out=np.zeros_like(total), where=total > 0)
        who = np.flatnonzero(self._luck("purchase", day) < probability)
        places = world.place_weights[who].copy()
        places[:, 0] *= world.kind[who] != ANONYMOUS
        places[:, 1] *= world.known_day[who] < day
        place = draws.choose("place", places, day, world.person[who])
        open_offer = np.where(self.offer_until[who] >= 0, self.offer[who], -1)
        uses = draws.uniform("redeem", day, world.person[who]) < (
            0.35 + 0.6 * world.price_sensitivity[who]
        )
        in_store = place == 2
        draw = draws.uniform("store hour", day, world.person[who])
        second = np.where(
            in_store, (9.2 + 9.5 * draw) * 3600, self._hour_second("purchase", day, who) + 900
        ).astype(np.int64)
        self.log.add(
            "orders", who, day, second=second, place=place,
            offer=np.where(uses, open_offer, -1), number=self.orders[who].copy(),
            shares=hazards[who] / total[who][:, None],
        )  # fmt: skip
        self.orders[who] += 1
        self.need[who] *= 0.1
        self.goodwill[who] *= 0.3
        self.extra_b[who] *= 0.3
        self.cart_day[who] = -10
        self.offer_until[who[uses]] = -1
        return hazards * weight[:, None]

    def _evening(self, day: int) -> None:
        """Some leave for good; many messages make it likelier."""
        self.left_sum += self.alive * self.world.churn_rate * (1 + 0.6 * self.fatigue)
        leaves = self.alive & (self.left_sum > self.world.churn_draw)
        self.left_day[leaves] = day + 1
