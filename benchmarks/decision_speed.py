"""S11: one credit decision over HTTP: features, model, policy; decision and audit durable before the answer.

BENCH_BANK names a bank with a run of application_score. The server runs on one core; requests come from
another at fixed instants, whether or not those before were answered, and each is timed from the instant it
was due. Then it is asked again and killed in the midst: every decision that was answered has to be in the
store.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.folder import BankFolder
from bankmine.governance import Permission, Role, audit, people, tokens
from bankmine.store import Store
from bankmine.store.tables.decisions import decision
from benchmarks import visitors
from benchmarks.rows import Row

RATES, SECONDS, CONNECTIONS = (100, 250, 500), 60.0, 64
KILLED_AFTER = 8.0
BAR_MS, BAR_RATE = 10.0, 500


@dataclass
class Asked:
    """What came of the requests: milliseconds from when each was due, ids answered, and how many failed."""

    ms: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    failed: int = 0

    def line(self, rate: int, seconds: float) -> dict[str, Any]:
        """Its figures."""
        took = sorted(self.ms) or [float("nan")]
        return {
            "asked_a_second": rate, "answered_a_second": round(len(self.ids) / seconds, 1),
            "failed": self.failed, "median_ms": round(median(took), 1),
            "p95_ms": round(took[int(0.95 * len(took))], 1), "p99_ms": round(took[int(0.99 * len(took))], 1),
        }  # fmt: skip


def run() -> Row:
    """At each rate for a minute, then the kill."""
    if "BENCH_BANK" not in os.environ:
        raise ConfigurationError(
            "no bank to ask was named",
            hint="Set BENCH_BANK to the folder of a bank with a run of application_score.",
        )
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        bank = visitors.borrowed(Path(os.environ["BENCH_BANK"]).resolve(), Path(folder))
        store = f"sqlite:///{folder}/operations.db"
        token, customers = _prepared(bank, store)
        for rate in RATES:
            port = visitors.free_port()
            with visitors.served(bank, store, port, core=1) as process:
                asyncio.run(_asked(port, token, customers, 20, 5.0))
                cpu = visitors.cpu_seconds(process)
                said = asyncio.run(_asked(port, token, customers, rate, SECONDS))
                rates[rate] = said.line(rate, SECONDS) | {
                    "cpu_share": round((visitors.cpu_seconds(process) - cpu) / SECONDS, 2)
                }
        lost, answered, faults = _killed(bank, store, token, customers)
    met = rates[BAR_RATE]["p99_ms"] <= BAR_MS and not rates[BAR_RATE]["failed"] and not lost
    return Row(
        row="S11",
        bankmine={"rates": rates, "killed": {"answered": answered, "lost": lost, "audit_faults": faults}},
        reference={},
        bar=f"p99 ≤ {BAR_MS:.0f} ms at {BAR_RATE} requests/s on one core; none lost after kill -9",
        met=met,
        protocol=(
            f"bankmine serve on one core, SQLite with synchronous writes; {SECONDS:.0f} s at each rate over "
            f"{CONNECTIONS} kept connections, timed from the instant each request was due"
        ),
        versions=("fastapi", "uvicorn", "lightgbm"),
    )


def _prepared(bank: Path, store: str) -> tuple[str, list[str]]:
    """A token that may decide, and customers to ask about."""
    from bankmine.access import Place
    from bankmine.governance.person import load

    folder = BankFolder(bank)
    opened = Store.configured(replace(folder.config, store=store))
    opened.migrate()
    with opened.begin() as connection:
        person_id = people.add(connection, None, name="a system", roles=tuple(Role))
        needed = (Permission.CREDIT_DECIDE, Permission.CUSTOMERS_READ)
        token, _ = tokens.add(connection, None, label="load", permissions=needed, owner=person_id)
        person = load(connection, person_id)
    opened.close()
    assert person is not None
    rows = Place(bank=folder).as_seen_by(person).customers(size=500).rows
    return token, [row[0] for row in rows]


async def _asked(port: int, token: str, customers: list[str], rate: int, seconds: float) -> Asked:
    """Requests at fixed instants over kept connections."""
    found, chance, due = Asked(), random.Random(1), asyncio.Queue[float]()
    workers = [
        asyncio.create_task(_worker(port, token, customers, due, found, chance)) for _ in range(CONNECTIONS)
    ]
    began = perf_counter()
    for number in range(int(rate * seconds)):
        wait = began + number / rate - perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait(began + number / rate)
    with_end = asyncio.gather(due.join(), return_exceptions=True)
    try:
        await asyncio.wait_for(with_end, 30)
    except TimeoutError:
        found.failed += due.qsize()
    for one in workers:
        one.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return found


async def _worker(
    port: int,
    token: str,
    customers: list[str],
    due: asyncio.Queue[float],
    found: Asked,
    chance: random.Random,
) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    while True:
        at = await due.get()
        try:
            decided = await _one(reader, writer, token, chance.choice(customers), chance)
        except (OSError, asyncio.IncompleteReadError, ValueError, KeyError):
            found.failed += 1
            due.task_done()
            return
        found.ms.append((perf_counter() - at) * 1_000)
        found.ids.append(decided)
        due.task_done()


async def _one(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    token: str,
    customer: str,
    chance: random.Random,
) -> str:
    """One application; the decision's id."""
    fields = {
        "product": "LOAN-CONS", "amount_minor": chance.randrange(100_000, 4_000_000, 10_000),
        "term_months": chance.choice((12, 24, 36, 48)),
        "stated_income_minor": chance.randrange(200_000, 900_000),
    }  # fmt: skip
    body = json.dumps({"customer_id": customer, "fields": fields}).encode()
    head = (
        "POST /api/v1/credit-applications HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    said = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(said.partition("content-length:")[2].split("\r\n")[0])
    content = json.loads(await reader.readexactly(length))
    decided: str = content["decision_id"]
    return decided


def _killed(bank: Path, store: str, token: str, customers: list[str]) -> tuple[int, int, int]:
    """Kills the server in the midst: answered decisions that are lost, answered ones, the audit's faults."""
    port = visitors.free_port()
    with visitors.served(bank, store, port, core=1) as process:

        async def midst() -> Asked:
            asking = asyncio.create_task(_asked(port, token, customers, 200, 2 * KILLED_AFTER))
            await asyncio.sleep(KILLED_AFTER)
            process.send_signal(signal.SIGKILL)
            return await asking

        said = asyncio.run(midst())
    folder = BankFolder(bank)
    opened = Store.configured(replace(folder.config, store=store))
    with opened.read() as connection:
        kept = set(connection.scalars(decision.select().with_only_columns(decision.c.decision_id)))
    faults = len(audit.verify(opened).faults)
    opened.close()
    return len(set(said.ids) - kept), len(said.ids), faults
