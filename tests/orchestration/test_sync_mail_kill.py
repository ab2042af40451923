"""A run of mails that is killed (SIGKILL, a real process): nobody gets two, one is in doubt.

Six people, written down together in the ledger; the process dies in or after the third mail, or
after the sixth. Then the sync runs again. The server is the oracle: it counts what each address
got.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.activation import run_sync
from orchestration.preferences.links import VARIABLE
from orchestration.settings import PROJECT_ROOT
from tests.mail_brand import (
    KEY,
    fill,
    mail_paths,
    mail_sync,
    write_content,
    write_destination,
)
from tests.orchestration.mail_killed import PEOPLE, STAGES
from tests.orchestration.sync_killed import connect
from tests.smtp_server import smtp_server
from tests.syncs import Brand, make_tables

# stage -> (mails of the resumed run, of both, what the ledger says of the third person)
ENDS = {
    "before the mail": (4, 6, "succeeded"),
    "before the dot": (3, 5, "unknown"),
    "after the dot": (3, 6, "unknown"),
    "between two mails": (3, 6, "succeeded"),
    "before the receipt": (0, 6, "succeeded"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_killed_and_resumed_nobody_gets_two_mails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    paths = mail_paths(tmp_path)
    write_content(paths.tenant_folder)
    with connect(tmp_path).connect() as connection:
        make_tables(connection)
        fill(Brand(connection, paths), PEOPLE)
    with smtp_server() as post:
        write_destination(paths.tenant_folder, post.port)
        killed = subprocess.run(
            [sys.executable, "-m", "tests.orchestration.mail_killed", str(tmp_path), stage],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert killed.returncode == -9, killed.stderr
        with connect(tmp_path).connect() as connection:
            report = run_sync(connection, mail_sync(), paths=paths, run_id="resumed")
            again = run_sync(connection, mail_sync(), paths=paths, run_id="again")
            ledger = dict(
                connection.execute(
                    "select person_id, max_by(outcome, sequence) "
                    "from ops.activation_delivery_ledger group by 1"
                ).fetchall()
            )
        resumed, mails, third = ENDS[stage]
        assert set(post.arrived.values()) == {1}
        assert post.arrived.total() == mails
    assert report.resumed_runs == ["killed"]
    assert report.total.succeeded == report.total.planned == resumed
    assert again.total.planned == 0
    assert ledger == {
        f"p000{number}": third if number == 2 else "succeeded" for number in range(PEOPLE)
    }
