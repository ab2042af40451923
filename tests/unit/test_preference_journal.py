"""The journal of words: what was acknowledged is there, whole, whoever was killed when."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.ingestion.discovery import date_in_name, find_files
from orchestration.preferences.journal import CONSENTS, PREFERENCES, TABLES, Journal, NotKept
from orchestration.preferences.tail import Tail
from orchestration.settings import PROJECT_ROOT

NOON = datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "preference_center", now=lambda: NOON)


def ids(journal: Journal, table: str = CONSENTS) -> list[str]:
    """Ids of the whole lines of all files of a table."""
    text = b"".join(path.read_bytes() for path in journal.files(table))
    assert text == b"" or text.endswith(b"\n")
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_landing_sees_nothing_until_a_file_is_closed(journal: Journal) -> None:
    journal.append(CONSENTS, [{"id": "a"}, {"id": "b"}])
    journal.append(PREFERENCES, [{"id": "c"}])
    assert find_files(journal.folder, list(TABLES)) == ([], [])
    closed = journal.close()
    found, strangers = find_files(journal.folder, list(TABLES))
    assert [(file.table, file.name) for file in found] == [
        (CONSENTS, "consent_events_2026-07-01_120005_001.jsonl"),
        (PREFERENCES, "preferences_2026-07-01_120005_001.jsonl"),
    ]
    assert [file.path for file in found] == closed
    assert strangers == []
    assert [date_in_name(file.name) for file in found] == [datetime(2026, 7, 1, 23, 59, 59)] * 2
    assert ids(journal) == ["a", "b"]


def test_closing_twice_in_a_second_gives_two_files_and_of_nothing_none(journal: Journal) -> None:
    assert journal.close() == []
    for name in ("a", "b"):
        journal.append(CONSENTS, [{"id": name}])
        assert len(journal.close()) == 1
    assert journal.close() == []
    assert ids(journal) == ["a", "b"]


def test_files_are_for_their_owner_alone(journal: Journal) -> None:
    journal.append(CONSENTS, [{"id": "a"}])
    (closed,) = journal.close()
    assert closed.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("size", [10, 5000])
def test_what_a_killed_write_left_is_cut_and_the_rest_stays(journal: Journal, size: int) -> None:
    journal.append(CONSENTS, [{"id": "a"}])
    with journal.open_file(CONSENTS).open("ab") as stream:
        stream.write(b'{"id": "' + b"x" * size)
    journal.append(CONSENTS, [{"id": "b"}])
    assert ids(journal) == ["a", "b"]
    with journal.open_file(CONSENTS).open("ab") as stream:
        stream.write(b'{"id": "' + b"x" * size)
    journal.close()
    assert ids(journal) == ["a", "b"]


def test_a_file_of_a_torn_line_alone_is_no_file(journal: Journal) -> None:
    journal.open_file(CONSENTS).parent.mkdir(parents=True)
    journal.open_file(CONSENTS).write_bytes(b'{"id"')
    assert journal.close() == []
    assert find_files(journal.folder, list(TABLES)) == ([], [])


def test_a_full_disk_is_told_and_leaves_no_half_row(journal: Journal) -> None:
    """A size limit of the process makes the kernel refuse the second half of a write."""
    script = f"""
import resource, signal
from pathlib import Path
from orchestration.preferences.journal import Journal, NotKept
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path({str(journal.folder)!r}))
journal.append("consent_events", [{{"id": "a"}}])
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    journal.append("consent_events", [{{"id": "b" * 200}}])
except NotKept as error:
    print("told:", error)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("told: consent_events.jsonl")
    assert ids(journal) == ["a"]


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(NotKept):
        Journal(tmp_path / "blocked").append(CONSENTS, [{"id": "a"}])


def test_nothing_is_lost_between_writers_and_those_who_close(journal: Journal) -> None:
    def write(number: int) -> None:
        for row in range(50):
            journal.append(CONSENTS, [{"id": f"{number}-{row}"}])
            if row % 10 == number:
                journal.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    journal.close()
    assert sorted(ids(journal)) == sorted(f"{n}-{row}" for n in range(8) for row in range(50))


def test_a_reader_gets_every_line_once_under_whatever_name(journal: Journal) -> None:
    """An inode is given again: a file that left landing must not hide the next one, of its length.

    Reading went by inode and length, and such a file counted as read.
    """
    tail = Tail(journal, CONSENTS)

    def read() -> list[str]:
        return [json.loads(line)["id"] for block in tail.new_lines() for line in block.splitlines()]

    journal.append(CONSENTS, [{"id": "a"}])
    assert read() == ["a"]
    journal.append(CONSENTS, [{"id": "b"}])
    journal.close()
    assert (read(), read()) == (["b"], [])
    for name in "cdefgh":
        for path in journal.files(CONSENTS):
            path.unlink()
        journal.append(CONSENTS, [{"id": name}])
        assert (read(), read()) == ([name], [])


def _write_until_killed(folder: Path, name: str, said: int) -> None:
    journal = Journal(folder)
    for row in range(100_000):
        journal.append(CONSENTS, [{"id": f"{name}-{row}", "filling": "x" * 3000}])
        os.write(said, f"{name}-{row}\n".encode())  # the acknowledgement
        if row % 7 == 0:
            journal.close()


def test_a_killed_process_loses_no_word_that_it_acknowledged(journal: Journal) -> None:
    """SIGKILL in the middle of writing, of two processes, five times over."""
    context = multiprocessing.get_context("fork")
    acknowledged: set[str] = set()
    for turn in range(5):
        reader, said = os.pipe()
        processes = [
            context.Process(target=_write_until_killed, args=(journal.folder, f"{turn}{who}", said))
            for who in "ab"
        ]
        for process in processes:
            process.start()
        os.close(said)
        text = b""
        while text.count(b"\n") < 40:
            text += os.read(reader, 65536)
        for process in processes:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        for process in processes:
            process.join()
        while block := os.read(reader, 65536):
            text += block
        os.close(reader)
        acknowledged |= set(text.decode().split())
    journal.close()
    kept = ids(journal)
    assert len(acknowledged) >= 200
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))
