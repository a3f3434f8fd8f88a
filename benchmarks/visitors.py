"""People at their browsers, without the browsers: sign in, keep the cookie, ask for pages, think in between.

Each guest is a thread with one kept connection, as a browser has; what it asks for and how long it waits in
between comes from its own generator, so that a run can be repeated.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

PASSWORD = "four quiet grey herons"
START_SECONDS = 120


@dataclass
class Guest:
    """One person's browser. `asked` holds (address without its query, milliseconds, status, bytes)."""

    port: int
    name: str
    cookie: str = ""
    addresses: list[str] = field(default_factory=list)
    asked: list[tuple[str, float, int, int]] = field(default_factory=list)
    _connection: http.client.HTTPConnection | None = None

    def sign_in(self) -> None:
        """Fetches the form and sends it; RuntimeError where it is refused."""
        page = self.get("/sign-in")
        token = re.search(rb'name="csrf" value="(\w+)"', page)
        if token is None:
            raise RuntimeError("the sign-in page has no form")
        fields = {"csrf": token[1].decode(), "name": self.name, "password": PASSWORD}
        headers = {
            "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin",
            "cookie": self.cookie,
        }  # fmt: skip
        connection = self._open()
        connection.request("POST", "/sign-in", urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise RuntimeError(f"{self.name} was answered {answer.status} at sign-in")
        self._keep(answer)
        self.asked.clear()

    def get(self, address: str) -> bytes:
        """One page, redirects followed; counted with its time until the last byte."""
        began = time.perf_counter()
        status, content, where = self._get(address)
        for _ in range(3):
            if status not in (302, 303):
                break
            status, content, where = self._get(where)
        took = (time.perf_counter() - began) * 1_000
        self.asked.append((address.partition("?")[0], took, status, len(content)))
        return content

    def _get(self, address: str) -> tuple[int, bytes, str]:
        for again in (True, False):
            connection = self._open()
            try:
                connection.request("GET", address, headers={"cookie": self.cookie})
                answer = connection.getresponse()
                content = answer.read()
            except (http.client.HTTPException, OSError):
                self._connection = None
                if not again:
                    raise
                continue
            self._keep(answer)
            return answer.status, content, answer.getheader("location", "")
        raise AssertionError

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        return self._connection

    def _keep(self, answer: http.client.HTTPResponse) -> None:
        kept = dict(part.split("=", 1) for part in self.cookie.split("; ") if part)
        for said in answer.headers.get_all("set-cookie") or ():
            name, _, value = said.partition(";")[0].partition("=")
            kept[name] = value.strip('"')
        self.cookie = "; ".join(f"{name}={value}" for name, value in kept.items() if value)

    def open(self, address: str) -> None:
        """A page with what it fetches by itself once it is there."""
        page = self.get(address).decode()
        for part in re.findall(r'hx-get="([^"]+)" hx-trigger="load"', page):
            self.get(part.replace("&amp;", "&"))

    def browse(self, seconds: float, think: tuple[float, float], seed: int) -> None:
        """Asks for one of its addresses after the other, by lot, and thinks in between."""
        chance, until = random.Random(seed), time.perf_counter() + seconds
        time.sleep(chance.uniform(0, think[1]))
        while time.perf_counter() < until:
            self.open(chance.choice(self.addresses))
            time.sleep(chance.uniform(*think))


def together(guests: Sequence[Guest], seconds: float, think: tuple[float, float]) -> None:
    """All guests browse at the same time."""
    threads = [
        threading.Thread(target=one.browse, args=(seconds, think, seed)) for seed, one in enumerate(guests)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


@contextmanager
def served(
    bank: Path, store: str, port: int, *, core: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`bankmine serve` as a process of its own, answering, on one core where one is named."""
    environment = {**os.environ, "BANKMINE_STORE": store}
    command = [sys.executable, "-m", "bankmine", "serve", str(bank), "--port", str(port)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process,
    ):
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            _wait(process, port)
            yield process
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.perf_counter() + START_SECONDS
    while time.perf_counter() < until and process.poll() is None:
        try:
            Guest(port, "").get("/sign-in")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the server does not answer")


def borrowed(bank: Path, folder: Path) -> Path:
    """A bank whose data are those of another, with keys and store of its own."""
    own = folder / "bank"
    own.mkdir()
    for one in bank.iterdir():
        if one.name in ("warehouse", "results", "snapshots", "rejects", "report"):
            (own / one.name).symlink_to(one)
        elif one.is_file() and not one.name.startswith("operations.db"):
            shutil.copy2(one, own / one.name)
    left = shutil.ignore_patterns("operations.key", "audit.anchor*")
    shutil.copytree(bank / "keys", own / "keys", ignore=left)
    return own


def free_port() -> int:
    """A port nobody listens to now."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def resident_mb(process: subprocess.Popen[bytes]) -> float:
    """The memory the process holds, MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1_024


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """The processor time the process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def new_name() -> str:
    """A name for somebody who is there for one run."""
    return f"guest {secrets.token_hex(6)}"
