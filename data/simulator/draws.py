"""Randomness without a state: every draw is a pure function of seed, stream name and ids.

Belongs here: hashing ids to uniforms, normals, counts and hexadecimal text. Because a draw depends
on nothing but its ids, persons can be made in blocks of any size, and a world with one cause
switched off sees the same luck as the world with it on (common random numbers).
Does not belong here: what is drawn and why.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

Ids = np.ndarray | int

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")


@lru_cache(maxsize=4096)
def _stream_key(seed: int, stream: str) -> int:
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _mix(values: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser: neighbouring ids come out unrelated."""
    values = values ^ (values >> np.uint64(30))
    values *= _MIX_1
    values ^= values >> np.uint64(27)
    values *= _MIX_2
    values ^= values >> np.uint64(31)
    return values


class Draws:
    """Draws of one simulated brand. `ids` are integer arrays (or integers) of one common shape."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def bits(self, stream: str, *ids: Ids) -> np.ndarray:
        """64 hashed bits per id tuple, uint64."""
        state = np.array([_stream_key(self.seed, stream)], dtype=np.uint64)
        for part in ids:
            key = np.atleast_1d(np.asarray(part)).astype(np.int64).view(np.uint64)
            state = _mix(state * _GOLDEN + key * _MIX_2 + _GOLDEN)
        return state

    def uniform(self, stream: str, *ids: Ids) -> np.ndarray:
        """Uniform in [0, 1), float64."""
        return (self.bits(stream, *ids) >> np.uint64(11)) * (1.0 / (1 << 53))

    def normal(self, stream: str, *ids: Ids) -> np.ndarray:
        """Standard normal (Box-Muller)."""
        bits = self.bits(stream, *ids)
        first = ((bits >> np.uint64(32)) + np.uint64(1)) * (1.0 / ((1 << 32) + 1))
        second = (bits & np.uint64(0xFFFFFFFF)) * (1.0 / (1 << 32))
        return np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)

    def integers(self, stream: str, high: int, *ids: Ids) -> np.ndarray:
        """Integers in [0, high), int64."""
        return (self.uniform(stream, *ids) * high).astype(np.int64)

    def choose(self, stream: str, weights: np.ndarray, *ids: Ids) -> np.ndarray:
        """Index of a column of `weights` (one row for all, or a row per id), in proportion."""
        shares = np.cumsum(np.atleast_2d(weights).astype(float), axis=1)
        point = self.uniform(stream, *ids)[:, None] * shares[:, -1:]
        return np.minimum((shares <= point).sum(axis=1), shares.shape[1] - 1)

    def hex(self, stream: str, length: int, *ids: Ids) -> np.ndarray:
        """Hexadecimal text of `length` (at most 32) characters per id tuple, bytes array."""
        words = [self.bits(f"{stream}/{word}", *ids) for word in range((length + 15) // 16)]
        packed = np.stack(words, axis=1).astype(">u8").view(np.uint8)
        text = _HEX[packed].view(f"S{packed.shape[1] * 2}").reshape(-1)
        return text.astype(f"S{length}")

    def uuid(self, stream: str, *ids: Ids) -> np.ndarray:
        """Version-4 shaped UUID per id tuple, bytes array."""
        digits = self.hex(stream, 32, *ids).view("S1").reshape(-1, 32)
        digits[:, 12] = b"4"
        digits[:, 16] = np.array([b"8", b"9", b"a", b"b"])[digits[:, 16].view(np.uint8) % 4]
        out = np.full((len(digits), 36), b"-", dtype="S1")
        keep = [place for place in range(36) if place not in (8, 13, 18, 23)]
        out[:, keep] = digits
        return np.ascontiguousarray(out).view("S36").reshape(-1)
