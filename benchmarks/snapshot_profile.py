"""Where the processor time of a snapshot goes: `python -m benchmarks.snapshot_profile [cutoffs …]`.

Prints, for snapshots from kept columns, the seconds of processor time of each step, threads added up.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.made_up_transactions import place_of
from benchmarks.snapshot_speed import PLACE, ROWS, consumed, cutoffs, ours

STEPS = {
    "reading": ("bankmine.windows.snapshot", "read_parts"),
    "codes, measures, days": ("bankmine.windows.snapshot", "inputs_of_rows"),
    "kernel": ("bankmine.windows.kernels.bands_kernel", "_write_rows"),
    "arrow columns": ("bankmine.windows.snapshot", "columns_of"),
    "a part in all": ("bankmine.windows.parts", "part_table"),
}


def watched(seen: Counter[str]) -> None:
    """Makes each step add its time to `seen`."""
    for step, (module, name) in STEPS.items():
        place = importlib.import_module(module)
        setattr(place, name, _timed(getattr(place, name), step, seen))


def _timed(work: Callable[..., Any], step: str, seen: Counter[str]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return work(*given, **named)
        finally:
            seen[step] += time.thread_time() - began  # type: ignore[assignment]

    return timed


def main() -> None:
    """Prints the profile for each number of cutoffs."""
    from bankmine.bank.warehouse import Warehouse

    seen: Counter[str] = Counter()
    watched(seen)
    warehouse = Warehouse.open(place_of(PLACE, ROWS))
    for count in [int(word) for word in sys.argv[1:]] or [1, 12]:
        when = cutoffs(warehouse.zone, count)
        consumed(ours(warehouse, when))
        seen.clear()
        consumed(ours(warehouse, when))
        print(f"{count} cutoffs: " + ", ".join(f"{step} {seconds:.2f} s" for step, seconds in seen.items()))


if __name__ == "__main__":
    main()
