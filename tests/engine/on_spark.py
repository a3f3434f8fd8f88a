"""A Spark in this machine for tests, and what stands in for it where only the cutting is tested."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.config import SparkSettings

# One session serves all tests of a process (starting one takes seconds), so all of them run in one process.
LOCAL = SparkSettings("local[2]")
ONE_PROCESS = pytest.mark.xdist_group("spark")
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17, which is not here")


def on_spark(warehouse: Warehouse, settings: SparkSettings = LOCAL) -> Warehouse:
    """The same warehouse, its windows computed on Spark."""
    found = Warehouse(warehouse.folder, warehouse.manifest)
    found.spark = settings
    return found


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Runs every task here, one after another; the list counts the tasks of each job."""
    jobs: list[int] = []

    def spread(
        settings: SparkSettings, payloads: Sequence[bytes], work: Callable[[bytes], int], **more: Any
    ) -> list[int]:
        jobs.append(len(payloads))
        return [work(payload) for payload in payloads]

    monkeypatch.setattr("bankmine.engine.spark.spread", spread)
    return jobs
