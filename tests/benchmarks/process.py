"""A command in a process of its own: how long it took and how much memory its tree held.

Belongs here: starting, sampling, ending a command. Does not belong here: what is run.

Memory is read from /proc (Linux). Two figures: the largest sum of resident memory over the whole
tree that a sample saw (shared pages count once per process, so it is an upper bound of a few tens
of MB), and the kernel's own high-water mark of the largest single process, which no sampling can
miss. Elsewhere only the second is known.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import PROJECT_ROOT

SAMPLE_S = 0.1
_PAGE = resource.getpagesize()
_PROC = Path("/proc")


class CommandFailed(RuntimeError):
    """A benchmarked command ended with an error; the message carries the end of its output."""


@dataclass(frozen=True)
class Ran:
    """A finished command: wall and processor seconds, bytes of memory, what it printed."""

    seconds: float
    cpu_seconds: float
    tree_bytes: int
    process_bytes: int
    output: str

    @property
    def peak_bytes(self) -> int:
        """The larger of the two memory figures."""
        return max(self.tree_bytes, self.process_bytes)


def run(
    command: Iterable[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    may_fail: bool = False,
) -> Ran:
    """Run `command` in the project's folder and measure it.

    `environment` is added to this process's; the output goes to `log` too, if given. Raises
    `CommandFailed` when the exit code is not 0, unless it `may_fail`.
    """
    words = [str(word) for word in command]
    started, used = time.monotonic(), _cpu_seconds()
    process = subprocess.Popen(
        words,
        cwd=PROJECT_ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that what the command starts ends with it
    )
    watch = _Watch(process.pid)
    watch.start()
    try:
        output, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        raise
    finally:
        watch.stop()
    seconds = time.monotonic() - started
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(output, encoding="utf-8")
    if process.returncode != 0 and not may_fail:
        raise CommandFailed(f"{' '.join(words)} ended with {process.returncode}:\n{output[-4000:]}")
    cpu_seconds = _cpu_seconds() - used
    return Ran(seconds, cpu_seconds, watch.tree_bytes, watch.process_bytes, output)


class _Watch(threading.Thread):
    """Samples the memory of a process and its descendants until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.tree_bytes = 0
        self.process_bytes = 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            pids = tree_of(self.pid)
            self.tree_bytes = max(self.tree_bytes, sum(resident_bytes(pid) for pid in pids))
            self.process_bytes = max([self.process_bytes, *map(high_water_bytes, pids)])

    def stop(self) -> None:
        self._ended.set()
        self.join()
        if not self.process_bytes:  # no /proc, or a command shorter than one sample
            unit = 1 if sys.platform == "darwin" else 1024
            self.process_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def _cpu_seconds() -> float:
    """Processor seconds of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def tree_of(pid: int) -> list[int]:
    """`pid` and its living descendants; just `pid` where /proc does not tell."""
    found, open_ones = [], [pid]
    while open_ones:
        current = open_ones.pop()
        found.append(current)
        for children in (_PROC / str(current) / "task").glob("*/children"):
            open_ones += [int(word) for word in _text(children).split()]
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory of a process now; 0 when it is gone."""
    words = _text(_PROC / str(pid) / "statm").split()
    return int(words[1]) * _PAGE if len(words) > 1 else 0


def high_water_bytes(pid: int) -> int:
    """The most resident memory that a process ever held; 0 when it is gone."""
    for line in _text(_PROC / str(pid) / "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:  # the process ended between two looks
        return ""
