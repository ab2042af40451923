"""What a simulated brand is asked for (arguments) and its fixed figures (rates, effects, calendar).

Belongs here: numbers a reader may want to change, each with its unit, and the local clock.
Does not belong here: how they are used (behaviour.py, sources/).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

BLOCK_ROOM = 20_000 * 180  # persons in memory at once, times days
ZONE = ZoneInfo("Europe/Zurich")
CURRENCY = "CHF"
STORES = 12
PRODUCTS = 120
DAY = 86_400

# Channels whose touches add to the purchase hazard. effect: extra purchases per engaged touch of
# an average person, before decay is counted; half_life: days.
EFFECTS = {
    "email": (0.030, 4.0),
    "sms": (0.045, 2.0),
    "push": (0.016, 2.0),
    "direct_mail": (0.050, 10.0),
    "paid_search": (0.006, 2.0),  # mostly catches those who would have come anyway
    "paid_social": (0.040, 5.0),
    "display": (0.012, 6.0),
    "organic_social": (0.030, 5.0),
    "referral": (0.070, 7.0),
    "event": (0.150, 14.0),
    "kiosk": (0.060, 5.0),
    "call_center": (0.020, 5.0),
    "chat": (0.080, 4.0),
}
CHANNEL = {name: index for index, name in enumerate(EFFECTS)}

# Two causes that ride on channels: an open offer (per day, times price sensitivity beyond its
# neutral point) and what creative B adds to every e-mail touch.
OFFER_DAILY = 0.030
OFFER_NEUTRAL = 0.25
VARIANT_LIFT = 0.40
CAUSES = ("base", "need", *EFFECTS, "offer", "variant_b")

PULL_RATES = {  # visits per day of an average person that advertising or friends bring
    "paid_social": 0.0026,
    "display": 0.0016,
    "organic_social": 0.0012,
    "referral": 0.0006,
}
CONTACT_RATES = {"kiosk": 0.0009, "call_center": 0.0009, "chat": 0.0011}  # per day, without need
NEED_HAZARD = 0.050  # purchases per day of a person with a need of size 1
NEED_HALF_LIFE = 7.0

HOLDOUT_SHARE = 0.05
EXPERIMENT_VARIANT = "EXP-EMAIL-CREATIVE"
EXPERIMENT_HOLDOUT = "EXP-UNIVERSAL-HOLDOUT"


@dataclass(frozen=True)
class Arguments:
    """What to simulate. Equal arguments give equal bytes."""

    tenant: str = "demo"
    persons: int = 5_000
    days: int = 180
    end: Date = Date(2026, 6, 30)
    seed: int = 7
    noise: float = 1.0

    def __post_init__(self) -> None:
        if self.persons < 1:
            raise ValueError(f"--persons {self.persons}: give at least 1")
        if not 14 <= self.days <= 2000:
            raise ValueError(f"--days {self.days}: give 14 to 2000")
        if not 0 <= self.noise <= 10:
            raise ValueError(f"--noise {self.noise}: give 0 (clean) to 10; 1 is usual")

    @property
    def block_persons(self) -> int:
        """Persons in memory at once: fewer for long periods; a multiple of 10 (see world.py)."""
        return max(10, min(20_000, BLOCK_ROOM // self.days) // 10 * 10)

    @property
    def start(self) -> Date:
        """First simulated local day."""
        return self.end - timedelta(days=self.days - 1)

    def date(self, day: int) -> Date:
        """Calendar date of simulated day number `day` (may be negative)."""
        return self.start + timedelta(days=int(day))

    @cached_property
    def start_epoch(self) -> int:
        """Seconds from 1970 to 00:00 of day 0, as if it were UTC."""
        moment = datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)
        return int(moment.timestamp())

    @cached_property
    def _offsets(self) -> np.ndarray:
        """Seconds that local time is ahead of UTC, at noon of each day from -4000 on."""
        days = range(-4000, self.days + 400)
        noons = (datetime.combine(self.date(day), datetime.min.time()) for day in days)
        return np.array([_seconds_ahead(noon.replace(hour=12, tzinfo=ZONE)) for noon in noons])

    def offset(self, day: np.ndarray | int) -> np.ndarray:
        """Seconds that local time is ahead of UTC on simulated day `day`."""
        return self._offsets[np.asarray(day) + 4000]

    def utc(self, day: np.ndarray | int, second: np.ndarray | int) -> np.ndarray:
        """UTC epoch seconds of local `second` of simulated `day`."""
        return self.start_epoch + np.asarray(day) * DAY + second - self.offset(day)

    def weekday(self, day: int) -> int:
        """0 = Monday."""
        return self.date(day).weekday()

    def season(self, day: int) -> float:
        """Factor on demand: weekends, spring and the weeks before Christmas are stronger."""
        weekly = (0.92, 0.94, 0.96, 1.0, 1.08, 1.18, 0.92)[self.weekday(day)]
        of_year = self.date(day).timetuple().tm_yday
        spring = 0.12 * np.exp(-(((of_year - 115) / 25) ** 2))
        christmas = 0.35 * np.exp(-(((of_year - 345) / 16) ** 2))
        return float(weekly * (1.0 + spring + christmas))

    def offset_changes(self) -> tuple[np.ndarray, np.ndarray]:
        """Moments (UTC epoch seconds) at which local time changes, and seconds ahead from then."""
        hours = np.arange(
            self.start_epoch - 4000 * DAY, self.start_epoch + (self.days + 400) * DAY, DAY
        )
        moments, offsets = [int(hours[0]) - 200 * 365 * DAY], [3600]
        for begin in hours:
            for moment in (
                (begin,)
                if self._ahead(begin) == self._ahead(begin + DAY)
                else range(begin, begin + DAY + 1, 3600)
            ):
                ahead = self._ahead(moment)
                if ahead != offsets[-1]:
                    moments.append(int(moment))
                    offsets.append(ahead)
        return np.array(moments), np.array(offsets)

    @staticmethod
    def _ahead(moment: int) -> int:
        return _seconds_ahead(datetime.fromtimestamp(int(moment), ZONE))


def _seconds_ahead(moment: datetime) -> int:
    ahead = moment.utcoffset()
    return int(ahead.total_seconds()) if ahead else 0
