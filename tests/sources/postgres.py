"""A real PostgreSQL 15 of the test's own: another user, a temporary folder, a socket in it, a free port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, NUMBER = "nobody", 65534


@dataclass(frozen=True)
class Server:
    """A running server; `address` is what libpq and ADBC take."""

    programs: Path
    folder: Path
    port: int

    @property
    def address(self) -> str:
        """The address of the test's database."""
        return f"postgresql://{USER}@/postgres?host={self.folder}&port={self.port}"

    def sql(self, text: str) -> str:
        """Runs statements as the owner and returns what they print."""
        command = [
            str(self.programs / "psql"),
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-At",
            "-c",
            text,
            self.address,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def programs() -> Path:
    """Where initdb lies; skips where there is no PostgreSQL."""
    config = shutil.which("pg_config")
    folder = Path(subprocess.check_output([config, "--bindir"], text=True).strip()) if config else None
    if folder is None or not (folder / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed (pg_config --bindir has no initdb)")
    return folder


def as_other_user(command: list[str]) -> list[str]:
    """The command as a user that is not root, since initdb refuses root."""
    if os.getuid() != 0:
        return command
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed, and PostgreSQL refuses to run as root")
    return ["setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups", *command]


@contextmanager
def running() -> Iterator[Server]:
    """A server while the block runs; its folder is removed after it."""
    where = programs()
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    port = 20_000 + os.getpid() % 20_000
    try:
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if os.getuid() == 0:
            shutil.chown(folder, NUMBER, NUMBER)
            shutil.chown(data, NUMBER, NUMBER)
        data.chmod(0o700)
        environment = {"LANG": "C.UTF-8", "PATH": os.environ["PATH"], "HOME": str(folder)}
        make = [str(where / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(as_other_user(make), check=True, capture_output=True, env=environment, cwd=folder)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -p {port} -c fsync=off"
        control = [str(where / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options]
        subprocess.run(
            as_other_user([*control, "start"]), check=True, capture_output=True, env=environment, cwd=folder
        )
        try:
            yield Server(where, folder, port)
        finally:
            stop = as_other_user([*control, "-m", "immediate", "stop"])
            subprocess.run(stop, check=True, capture_output=True, env=environment, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
