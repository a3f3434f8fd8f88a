"""PAG: the pages of one process: each alone, 200 people for a minute, an hour's requests for its memory.

BENCH_BANK names a bank on which tasks have run. Store and keys are copies of its own; nothing of the bank
changes. Every page that is read and needs no more in its address is asked
for, and one customer's.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.folder import BankFolder
from bankmine.governance import Role, Scope, people
from bankmine.store import Store
from bankmine.web.app import routes
from benchmarks import visitors
from benchmarks.rows import Row
from benchmarks.visitors import Guest

PAGE_MS, PEOPLE, SECONDS, THINK = 150.0, 200, 60.0, (3.0, 12.0)
ROUNDS, HOUR_REQUESTS, FLAT_SHARE = 7, 14_400, 0.1
"""An hour of twenty people who ask four times a minute is about 14,400 requests (each with its parts)."""
LEFT_OUT = ("/exports/", "/static/", "/sign-in", "/administration/audit/verify")


def run() -> Row:
    """Alone, together, and for long."""
    if "BENCH_BANK" not in os.environ:
        raise ConfigurationError(
            "no bank to serve was named",
            hint="Set BENCH_BANK to the folder of a bank on which tasks have run.",
        )
    port = visitors.free_port()
    with tempfile.TemporaryDirectory() as folder:
        bank = visitors.borrowed(Path(os.environ["BENCH_BANK"]).resolve(), Path(folder))
        store = f"sqlite:///{folder}/operations.db"
        guests = _people(bank, store, port)
        with visitors.served(bank, store, port) as process:
            began = perf_counter()
            guests[0].sign_in()
            fixed = _fixed(guests[0])
            guests[0].addresses = [*fixed, *_customers(guests[0])]
            first = perf_counter() - began
            alone = _alone(guests[0])
            rest = _rest(guests[0])
            for one in guests[1:]:
                one.sign_in()
                one.addresses = [*fixed, *_customers(one)]
            together = _together(guests, process)
            long = _long(guests[:20], process)
    slow = {page: ms for page, ms in alone.items() if ms > PAGE_MS}
    refused = together["refused"] + long["refused"]
    return Row(
        row="PAG",
        bankmine={
            "pages": len(alone), "first_round_s": round(first, 1),
            "median_ms": round(median(alone.values()), 1),
            "slowest_ms": dict(sorted(alone.items(), key=lambda one: -one[1])[:5]), "above_150_ms": slow,
            "fetched_after_ms": rest, "together": together, "long": long,
        },
        reference={},
        bar=(
            f"each page ≤ {PAGE_MS:.0f} ms (median of {ROUNDS}, warm); {PEOPLE} people for a minute on one "
            "process without a refused request; memory at the end of an hour's requests "
            f"≤ {1 + FLAT_SHARE:.1f} × that at half time"
        ),
        met=not slow and not refused and long["grown"] <= 1 + FLAT_SHARE,
        protocol=(
            "bankmine serve as a process of its own, over loopback; every fixed page and customers, with "
            f"what a page fetches once it is there; {THINK[0]:.0f} to {THINK[1]:.0f} s of thinking between"
        ),
        versions=("fastapi", "uvicorn", "jinja2"),
    )  # fmt: skip


def _people(bank: Path, store: str, port: int) -> list[Guest]:
    """Two hundred with every role; half of them see one branch, each of these one of twenty."""
    folder = BankFolder(bank)
    opened = Store.configured(replace(folder.config, store=store))
    opened.migrate()
    branches = _branches(folder)
    found = []
    with opened.begin() as connection:
        for number in range(PEOPLE):
            seen = frozenset({branches[number % len(branches)]}) if number % 2 else None
            name = visitors.new_name()
            people.add(
                connection,
                None,
                name=name,
                password=visitors.PASSWORD,
                roles=tuple(Role),
                scope=Scope(seen, None),
            )
            found.append(Guest(port, name))
    opened.close()
    return found


def _branches(bank: BankFolder) -> list[str]:
    from bankmine.access import Place
    from bankmine.governance import ROLES, Person

    role = Role.operator
    everybody = Person("nobody", "nobody", (role,), ROLES[role], Scope())
    return list(Place(bank).as_seen_by(everybody).counts("branch_id"))[:20]


def _fixed(guest: Guest) -> list[str]:
    """Every page that is read, as this bank answers it; those it does not have (404) are left out."""
    fixed = [
        one.path for one in routes()
        if one.method == "GET" and "{" not in one.path and not one.path.startswith(LEFT_OUT)
    ]  # fmt: skip
    there = []
    for address in fixed:
        guest.asked.clear()
        guest.get(address)
        if guest.asked[-1][2] == 200:
            there.append(address)
    guest.asked.clear()
    return there


def _customers(guest: Guest) -> list[str]:
    """Three customers of those this person sees, each with the network around."""
    page = guest.get("/customers").decode()
    guest.asked.clear()
    found = re.findall(r'href="/customers/([0-9a-f]{16})', page)
    return [f"/customers/{one}{page}" for one in found[:3] for page in ("", "/network")]


def _alone(guest: Guest) -> dict[str, float]:
    """Median milliseconds of each page, one after the other."""
    found = {}
    for address in guest.addresses:
        guest.asked.clear()
        for _ in range(ROUNDS):
            guest.get(address)
        found[address] = round(median(took for _, took, _, _ in guest.asked), 1)
    guest.asked.clear()
    return found


def _rest(guest: Guest) -> dict[str, float]:
    """Median milliseconds of what a customer's page fetches by itself, and of its comparison."""
    page = guest.get("/customers?page=2").decode()
    others = re.findall(r'href="/customers/([0-9a-f]{16})', page)[: 2 * ROUNDS]
    found = {}
    for depth, asked in (("alone", others[:ROUNDS]), ("whole", others[ROUNDS : ROUNDS + 3])):
        guest.asked.clear()
        for one in asked:
            guest.get(f"/customers/{one}?depth={depth}")
        found[depth] = round(median(took for _, took, _, _ in guest.asked), 1)
    guest.asked.clear()
    return found


def _together(guests: Sequence[Guest], process: Any) -> dict[str, Any]:
    """All at the same time for a minute, thinking in between."""
    cpu = visitors.cpu_seconds(process)
    visitors.together(guests, SECONDS, THINK)
    asked = [one for guest in guests for one in guest.asked]
    took = sorted(ms for _, ms, _, _ in asked)
    for guest in guests:
        guest.asked.clear()
    return {
        "people": len(guests), "requests": len(asked), "a_second": round(len(asked) / SECONDS, 1),
        "refused": sum(status >= 400 for _, _, status, _ in asked),
        "median_ms": round(median(took), 1), "p95_ms": round(took[int(0.95 * len(took))], 1),
        "p99_ms": round(took[int(0.99 * len(took))], 1),
        "cpu_share": round((visitors.cpu_seconds(process) - cpu) / SECONDS, 2),
        "resident_mb": round(visitors.resident_mb(process)),
    }  # fmt: skip


def _long(guests: Sequence[Guest], process: Any) -> dict[str, Any]:
    """An hour's requests one after the other, as fast as they are answered; memory at every tenth."""
    memory, refused, began = [], 0, perf_counter()
    for number in range(HOUR_REQUESTS):
        guest = guests[number % len(guests)]
        guest.open(guest.addresses[number * 7 % len(guest.addresses)])
        refused += sum(status >= 400 for _, _, status, _ in guest.asked)
        guest.asked.clear()
        if number % (HOUR_REQUESTS // 10) == HOUR_REQUESTS // 10 - 1:
            memory.append(round(visitors.resident_mb(process)))
    return {
        "requests": HOUR_REQUESTS, "seconds": round(perf_counter() - began), "refused": refused,
        "resident_mb": memory, "grown": round(memory[-1] / memory[4], 3),
    }  # fmt: skip
