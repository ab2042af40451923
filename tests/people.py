"""Made-up people with typing errors, for tests of the probabilistic pass; who is who is known.

Belongs here: contacts of families at one address, of which some are kept twice. Does not belong
here: what a test expects of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

SYLLABLES = ("an", "be", "co", "da", "el", "fi", "ga", "ho", "is", "ju", "ka", "lo", "mi", "no")


@dataclass(frozen=True)
class Contact:
    """A row of a CRM. `person` is the truth; `account` what identifiers say (None = nothing)."""

    record: str
    person: str
    account: str | None
    first_name: str | None
    last_name: str | None
    birth_date: str | None
    street: str | None
    postal_code: str | None


def make_people(*, homes: int = 250, seed: int = 5) -> list[Contact]:
    """Two to four people per home, among them fathers and sons of one name, and twins, ten of each.

    Of ten people four have a second contact that an account joins to the first, and one has a
    second contact that nothing joins.
    """
    draw = random.Random(seed)
    found: list[Contact] = []
    for home in range(homes):
        surname = _word(draw, 3)
        street = f"{_word(draw, 3)}weg {draw.randint(1, 90)}"
        code = str(8000 + draw.randrange(40))
        firsts = [_word(draw, 2) for _ in range(draw.randint(2, 4))]
        births = [f"{draw.randint(1940, 2005)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
                  for _ in firsts]  # fmt: skip
        if home < 10:
            firsts[1], births[0], births[1] = firsts[0], "1956-03-14", "1988-11-29"
        elif home < 20:
            births[1] = births[0]
        for number, (first, birth) in enumerate(zip(firsts, births, strict=True)):
            person = f"{home}.{number}"
            one = Contact(f"r{person}", person, f"a{person}", first, surname, birth, street, code)
            found.append(one)
            lot = draw.random()
            if lot < 0.4:
                found.append(_again(draw, one, account=one.account))
            elif lot < 0.5:
                found.append(_again(draw, one, account=None))
    draw.shuffle(found)
    return found


def _word(draw: random.Random, length: int) -> str:
    return "".join(draw.choice(SYLLABLES) for _ in range(length)).capitalize()


def _again(draw: random.Random, one: Contact, *, account: str | None) -> Contact:
    """The same person typed in once more: with an error, something left out, or another address."""
    other = replace(one, record=one.record + "b", account=account)
    lot = draw.randrange(6)
    if lot == 0 and one.first_name:
        place = draw.randrange(1, len(one.first_name))
        letter = draw.choice("aeiou")
        other = replace(
            other, first_name=one.first_name[:place] + letter + one.first_name[place + 1 :]
        )
    elif lot == 1:
        other = replace(other, birth_date=None)
    elif lot == 2:
        other = replace(other, street=f"{_word(draw, 3)}gasse {draw.randint(1, 90)}")
    elif lot == 3 and one.last_name:
        other = replace(other, last_name=one.last_name.upper() + "n")
    return other
