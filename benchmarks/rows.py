"""What a row of the figures returns, and where its line in RESULTS.md comes from."""

from __future__ import annotations

import json
import os
import platform
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).with_name("RESULTS.md")
SIZES = (  # set in the environment they change what is measured: such a run is for trying out
    "BENCH_ROWS", "BENCH_ROWS_A_CUSTOMER", "BENCH_REPLAY_ROWS", "BENCH_ONLINE_EVENTS", "BENCH_CUSTOMERS",
    "BENCH_SIZES", "BENCH_ROUNDS", "BENCH_SETS",
)  # fmt: skip
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured row: figures of bankmine and of the reference, the bar, and whether it is met."""

    row: str
    bankmine: dict[str, Any]
    reference: dict[str, Any]
    bar: str
    met: bool
    protocol: str
    versions: tuple[str, ...] = ()

    def line(self) -> str:
        """The JSON line that is printed last."""
        return json.dumps(
            {
                "row": self.row,
                "bankmine": self.bankmine,
                "reference": self.reference,
                "bar": self.bar,
                "met": self.met,
                **({"reduced": True} if is_reduced() else {}),
            }
        )


def is_reduced() -> bool:
    """Whether the environment sets a size, so that the run is no verdict on the bar."""
    return any(os.environ.get(name) for name in SIZES)


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall seconds, CPU seconds of this process and its children, and the result."""
    wall, cpu = time.perf_counter(), _cpu()
    result = work()
    return time.perf_counter() - wall, _cpu() - cpu, result


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def alternate(contenders: dict[str, Callable[[], Any]], rounds: int = 3) -> dict[str, dict[str, float]]:
    """Runs the contenders in turn and returns the medians of wall and CPU seconds."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            wall, cpu, _ = timed(work)
            seen[name].append((wall, cpu))
    return {
        name: {"wall_s": round(median(w for w, _ in runs), 3), "cpu_s": round(median(c for _, c in runs), 3)}
        for name, runs in seen.items()
    }


def peak_mib() -> int:
    """Peak resident memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def machine() -> str:
    """The machine in a few words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    model = next(named, platform.processor())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


def versions_of(names: tuple[str, ...]) -> str:
    """The installed versions of packages."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return ", ".join(found)


def record(row: Row, date: str) -> None:
    """Writes or replaces the row's section of RESULTS.md; nothing where the run is reduced."""
    if is_reduced():
        return
    head = "# Measured figures\n\nWritten by `make bench ROW=…`; a newer run replaces the older one.\n"
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else head
    parts = text.split("\n## ")
    sections = {part.split("\n", 1)[0]: part for part in parts[1:]}
    body = [
        row.row,
        "",
        f"- bar: {row.bar} — **{'met' if row.met else 'missed'}**",
        f"- bankmine: `{json.dumps(row.bankmine)}`",
        f"- reference: `{json.dumps(row.reference)}`",
        f"- protocol: {row.protocol}",
        f"- {date}; {machine()}; {versions_of(('bankmine', *row.versions))}",
        "",
    ]
    sections[row.row] = "\n".join(body)
    order = sorted(sections, key=lambda name: (name[0], int(name[1:]) if name[1:].isdigit() else 99, name))
    RESULTS.write_text(
        head + "".join("\n## " + sections[name].rstrip("\n") + "\n" for name in order), encoding="utf-8"
    )
