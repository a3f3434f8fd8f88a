"""ACC: what a page waits for when it reads the bank: lists, live counts, a customer, by scope, from memory.

A bank on which the tasks have run (BENCH_BANK names its folder) is read through `access.Place` as somebody
who sees everything, one branch or one manager. First the cold reads that a newly started process makes once;
then each question many times, with other conditions, orders and pages each time, and the medians of those.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from bankmine.access import Between, Has, OneOf, Place, View
from bankmine.errors import ConfigurationError
from bankmine.folder import BankFolder
from bankmine.governance import Permission, Person, Role, Scope
from benchmarks.rows import Row

ROUNDS = 30
LIST_MS, WHOLE_MS = 50.0, 150.0


def run() -> Row:
    """All scopes over the bank that BENCH_BANK names."""
    if "BENCH_BANK" not in os.environ:
        raise ConfigurationError(
            "no bank to read was named",
            hint="Set BENCH_BANK to the folder of a bank on which tasks have run.",
        )
    bank = BankFolder(Path(os.environ["BENCH_BANK"]))
    began = perf_counter()
    place = Place(bank)
    figures: dict[str, Any] = {"cold_open_ms": _since(began)}
    began = perf_counter()
    everything = place.as_seen_by(_person(Scope()))
    customers = everything.count()
    figures |= {"customers": customers, "cold_directory_ms": _since(began)}
    began = perf_counter()
    lists = [everything.list(run.task, name) for run in everything.runs() for name in run.lists]
    figures["list_rows"] = sum(one.total for one in lists)
    figures["cold_lists_ms"] = _since(began)
    for name, scope in _scopes(everything).items():
        figures[name] = _asked(place, _person(scope))
    worst = max(
        value for scope in figures.values() if isinstance(scope, dict) for key, value in scope.items()
        if key.endswith("_ms") and not key.startswith(("whole", "first"))
    )  # fmt: skip
    whole = max(scope["whole_ms"] for scope in figures.values() if isinstance(scope, dict))
    return Row(
        row="ACC",
        bankmine=figures,
        reference={},
        bar=f"lists and counts ≤ {LIST_MS:.0f} ms, a customer whole ≤ {WHOLE_MS:.0f} ms (medians, warm)",
        met=worst <= LIST_MS and whole <= WHOLE_MS,
        protocol=f"{customers:,} customers of a simulated bank with its runs; medians of {ROUNDS} questions "
        "with other conditions each, of 5 customers whole; beside other work",
        versions=("numpy", "pyarrow", "duckdb"),
    )


def _person(scope: Scope) -> Person:
    return Person("bench", "bench", (Role.operator,), frozenset(Permission), scope)


def _scopes(view: View) -> dict[str, Scope]:
    """Everything, the largest branch, its largest manager."""
    branch = next(iter(view.counts("branch_id")))
    manager = next(iter(view.counts("manager_id", {"branch_id": OneOf.of(branch)})))
    return {
        "everything": Scope(), "branch": Scope(branches=frozenset({branch})),
        "manager": Scope(managers=frozenset({manager})),
    }  # fmt: skip


def _asked(place: Place, person: Person) -> dict[str, float]:
    """Medians in ms of each kind of question, and the first time of the two that are made once a scope."""
    view = place.as_seen_by(person)
    began = perf_counter()
    view.count()
    first = {"first_count_ms": _since(began)}
    random = np.random.default_rng(0)
    page = view.customers(size=200)
    ids = [str(row[0]) for row in page.rows]
    questions: dict[str, Callable[[], Any]] = {
        "count_ms": lambda: view.count(_conditions(random)),
        "page_ms": lambda: view.customers(_conditions(random), sort=("since", True), page=2),
        "search_ms": lambda: view.customers(search=ids[random.integers(len(ids))][:6]),
        "words_ms": lambda: view.counts("products", _conditions(random)),
        "glance_ms": lambda: view.glance(ids[random.integers(len(ids))]),
    }
    for task, name in _largest(view):
        source = view.list(task, name)
        questions[f"list_{task}_{name}_ms"] = lambda s=source: s.rows(page=int(random.integers(1, 20)))
        questions[f"search_{task}_{name}_ms"] = lambda s=source: s.rows(
            search=ids[random.integers(len(ids))][:4]
        )
    if any(run.task == "churn" for run in view.runs()):
        questions["reasons_ms"] = lambda: view.list("churn").rows(page=int(random.integers(1, 20)), why=True)
        questions["tiles_ms"] = lambda: view.tiles("churn")
    found = {name: _median(ask) for name, ask in questions.items()}
    wholes = [_once(lambda one=one: view.customer(one)) for one in ids[:6]]
    return {**first, **found, "first_whole_ms": wholes[0], "whole_ms": round(median(wholes[1:]), 1)}


def _conditions(random: np.random.Generator) -> dict[str, Any]:
    """A handful of conditions as the list builder sends them."""
    low = int(random.integers(0, 200_000))
    return {
        "kind": OneOf.of("person"), "value_minor": Between(low, low + 2_000_000),
        "families": Has.every(["current"]),
        "consent": OneOf.of("yes"),
    }  # fmt: skip


def _largest(view: View) -> list[tuple[str, str]]:
    """The three lists with the most rows."""
    sizes = [(view.list(run.task, name).total, run.task, name) for run in view.runs() for name in run.lists]
    return [(task, name) for _, task, name in sorted(sizes, reverse=True)[:3]]


def _median(ask: Callable[[], Any]) -> float:
    ask()  # orders and mapped files are made once
    return round(median(_once(ask) for _ in range(ROUNDS)), 2)


def _once(ask: Callable[[], Any]) -> float:
    began = perf_counter()
    ask()
    return _since(began)


def _since(began: float) -> float:
    return round((perf_counter() - began) * 1_000, 2)


if __name__ == "__main__":
    print(run().line(), file=sys.stdout)
