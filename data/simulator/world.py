"""Who lives in the simulated world: households, persons, their traits, and when they become known.

Belongs here: everything about a person that is fixed before the first day. All arrays have one
element per person of the block; `day` numbers count from the first simulated day (negative =
before it), NEVER = not within the simulation.
Does not belong here: what people do (behaviour.py), how a source writes them (sources/), values
of identifiers (identifiers.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.simulator import names
from data.simulator.draws import Draws
from data.simulator.settings import EFFECTS, HOLDOUT_SHARE, STORES, Arguments

NEVER = 1_000_000
ANONYMOUS, CONTACT, REGISTERED = 0, 1, 2
KINDS = ("anonymous", "contact", "registered")
# How five neighbours share flats: the number of the first of one's household, within the five.
_FLATS = np.array(
    [[0, 1, 2, 3, 4], [0, 0, 2, 3, 4], [0, 0, 2, 2, 4], [0, 1, 2, 2, 2], [0, 0, 0, 0, 4],
     [0, 0, 0, 3, 3], [0, 1, 2, 3, 3], [0, 0, 0, 0, 0]]
)  # fmt: skip
_FLAT_WEIGHTS = np.array([22, 18, 20, 8, 8, 10, 10, 4])
PLACES = ("web", "app", "store")


@dataclass
class World:
    """One block of persons. `affinity[:, c]` follows the order of settings.EFFECTS."""

    args: Arguments
    draws: Draws
    person: np.ndarray  # number of the person, int64
    household: np.ndarray  # number of the household = number of its first person
    household_size: np.ndarray
    kind: np.ndarray  # ANONYMOUS, CONTACT (an address, no account), REGISTERED
    known_day: np.ndarray  # first day on which the brand has an address of the person
    gender: np.ndarray  # 0 F, 1 M
    first_name: np.ndarray  # index into names.FIRST_NAMES[gender]
    last_name: np.ndarray  # index into names.LAST_NAMES
    birth_year: np.ndarray
    birth_day: np.ndarray  # day of the year, 1 to 365
    town: np.ndarray  # index into names.TOWNS
    language: np.ndarray  # "de", "fr", "it", "en"
    store: np.ndarray  # nearest store, 0 to STORES - 1
    has_phone: np.ndarray
    has_app: np.ndarray
    has_loyalty: np.ndarray
    loyalty_day: np.ndarray
    apple_mail: np.ndarray  # the mail client opens every mail by itself
    response: np.ndarray  # how strongly touches move the person, 1 = average
    base_rate: np.ndarray  # purchases per day without need and touches
    need_rate: np.ndarray  # needs that arise per day
    browse_rate: np.ndarray  # visits per day without need
    churn_rate: np.ndarray  # hazard of leaving, per day
    price_sensitivity: np.ndarray  # 0 to 1
    affinity: np.ndarray  # response to each channel, 1 = average
    preferred_hour: np.ndarray  # local hour, float
    place_weights: np.ndarray  # purchases in web, app, store: (n, 3)
    is_holdout: np.ndarray  # receives no outbound marketing
    is_variant_b: np.ndarray
    dormant: np.ndarray  # left before the first day
    churn_draw: np.ndarray  # exponential(1): the person leaves when the summed hazard passes it
    referrer: np.ndarray  # number of the person who brought this one; -1 = none
    changed_email_day: np.ndarray  # from then on the second address is used
    has_second_email: np.ndarray
    opted_out_first: np.ndarray  # first of two addresses was opted out
    consents: dict[str, np.ndarray]  # channel -> said yes

    def __len__(self) -> int:
        return len(self.person)


def make_world(args: Arguments, draws: Draws, first: int, last: int) -> World:
    """Persons `first` (a multiple of 10) to `last` - 1."""
    person = np.arange(first, last, dtype=np.int64)
    noise = args.noise

    def chance(stream: str, share: float | np.ndarray) -> np.ndarray:
        return draws.uniform(stream, person) < share

    group = person // 5
    pattern = draws.choose("flats", _FLAT_WEIGHTS, group)
    household = group * 5 + _FLATS[pattern, person % 5]
    household_size = (_FLATS[pattern] == _FLATS[pattern, person % 5][:, None]).sum(axis=1)

    kind = draws.choose("kind", np.array([25, 17, 58]), person)
    late = draws.uniform("known/when", person)
    in_period = (late - 0.62) / 0.38 * args.days
    known_day = np.where(late < 0.62, -1 - late * 2000, in_period).astype(np.int64)
    known_day[kind == ANONYMOUS] = NEVER
    is_registered = kind == REGISTERED

    town = draws.choose("town", np.array([row[2] for row in names.TOWNS]), household)
    language = np.array([row[3] for row in names.TOWNS])[town]
    language = np.where(draws.uniform("english", household) < 0.09, "en", language)
    own_name = chance("own name", 0.15) & (person != household)
    last_name = draws.integers("last name", len(names.LAST_NAMES), household)
    last_name = np.where(
        own_name, draws.integers("own last name", len(names.LAST_NAMES), person), last_name
    )
    gender = draws.integers("gender", 2, person)
    first_name = draws.integers("first name", 40, person)

    level = draws.normal("level", person)  # how much the person cares for the category at all
    quiet = np.where(kind == ANONYMOUS, 0.30, np.where(kind == CONTACT, 0.6, 1.15))
    drive = quiet * np.exp(1.15 * level - 0.66)
    has_app = is_registered & chance("app", 0.38)
    has_loyalty = is_registered & chance("loyalty", 0.5)
    loyalty_day = np.where(
        has_loyalty,
        np.maximum(known_day, -1200) + draws.integers("loyalty day", 30, person),
        NEVER,
    )
    hours = draws.choose("hour group", np.array([25, 25, 50]), person)
    preferred = np.array([7.5, 12.5, 19.5])[hours] + 1.2 * draws.normal("hour", person)
    weights = np.stack([draws.uniform(f"place {place}", person) for place in PLACES], axis=1) + 0.05
    weights[:, 0] *= np.where(kind == ANONYMOUS, 0.5, 1.3)
    weights[:, 1] *= np.where(has_app, 1.0, 0.0)
    affinity = np.stack(
        [np.exp(0.7 * draws.normal(f"affinity {name}", person) - 0.245) for name in EFFECTS], axis=1
    )
    has_second = (kind != ANONYMOUS) & chance("second email", 0.10 * noise)
    changed = (kind != ANONYMOUS) & ~has_second & chance("changed email", 0.05 * noise)
    change_day = draws.integers("changed email day", args.days, person)
    churn_rate = 0.0022 * np.exp(0.9 * draws.normal("churn", person) - 0.4 - 0.35 * level)
    consents = {
        "email": (kind != ANONYMOUS) & chance("consent email", 0.80),
        "sms": is_registered & chance("consent sms", 0.40),
        "push": has_app & chance("consent push", 0.75),
        "direct_mail": is_registered & chance("consent post", 0.65),
        "phone": is_registered & chance("consent phone", 0.15),
    }
    return World(
        args=args,
        draws=draws,
        person=person,
        household=household,
        household_size=household_size,
        kind=kind,
        known_day=known_day,
        gender=gender,
        first_name=first_name,
        last_name=last_name,
        birth_year=1948 + draws.integers("birth year", 60, person),
        birth_day=1 + draws.integers("birth day", 365, person),
        town=town,
        language=language,
        store=np.minimum(town, STORES - 1),
        has_phone=is_registered & chance("phone", 0.8),
        has_app=has_app,
        has_loyalty=has_loyalty,
        loyalty_day=loyalty_day,
        apple_mail=chance("apple mail", 0.3),
        response=np.minimum(np.sqrt(drive), 2.5),
        base_rate=0.0008 * drive,
        need_rate=0.0105 * drive,
        browse_rate=0.010 * drive,
        churn_rate=churn_rate,
        price_sensitivity=np.clip(0.45 + 0.28 * draws.normal("price", person), 0.0, 1.0),
        affinity=affinity,
        preferred_hour=np.clip(preferred, 5.0, 22.9),
        place_weights=weights,
        is_holdout=(kind != ANONYMOUS) & chance("holdout", HOLDOUT_SHARE),
        is_variant_b=chance("variant", 0.5),
        dormant=(known_day < 0) & chance("dormant", 0.20),
        churn_draw=-np.log(1.0 - draws.uniform("churn draw", person)),
        referrer=np.where(
            chance("referred", 0.05) & (person >= 7) & (kind != ANONYMOUS), person - 7, -1
        ),
        changed_email_day=np.where(changed, change_day, NEVER),
        has_second_email=has_second,
        opted_out_first=has_second & chance("opted out first", 0.4),
        consents=consents,
    )
