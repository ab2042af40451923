"""ChannelAttribution's demo data, for tests: `python -m tests.benchmarks.peers.path_data`.

Belongs here: fetching one file out of the source distribution of the pinned version. The data are
GPL like the package; they stay in `data/bench/`, outside the project.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from orchestration.settings import PROJECT_ROOT

PATH_DATA_FILE = PROJECT_ROOT / "data" / "bench" / "channel_attribution" / "Data.csv"
MEMBER = "src/cypack/data/Data.csv"


def fetch() -> Path:
    """The demo data's file; if it is not there, out of the source distribution, by pip.

    Raises `subprocess.SubprocessError` when that cannot be had within five minutes.
    """
    if PATH_DATA_FILE.exists():
        return PATH_DATA_FILE
    pins = Path(__file__).with_name("channel_attribution.txt").read_text(encoding="utf-8")
    pin = next(line for line in pins.splitlines() if line.startswith("ChannelAttribution=="))
    with tempfile.TemporaryDirectory() as folder:
        # only this package as source: pip reads its metadata by building it, with wheels
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", "ChannelAttribution", "--dest", folder, pin.split()[0]]
        subprocess.run(command, check=True, timeout=300)
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as files:
            (member,) = [name for name in files.getnames() if name.endswith(MEMBER)]
            content = files.extractfile(member)
            assert content is not None
            PATH_DATA_FILE.parent.mkdir(parents=True, exist_ok=True)
            PATH_DATA_FILE.write_bytes(content.read())
    return PATH_DATA_FILE


if __name__ == "__main__":
    print(fetch())
