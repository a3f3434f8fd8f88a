"""U1: defects planted into sound data, and how many of them understanding names.

On a made-up bank, Berka and ANZ (and the first forty days of the fraud handbook), for each seed: every
defect the bank can have, alone; and up to twelve at once. A defect is named when a finding gives its kind,
table, column, rows (between half and twice as many) and days; a finding is false when neither the defect
nor the undamaged data explain it. Development used seeds 0 to 9, the figures are of seeds 10 to 19.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.rows import SHARED_DATA, Row, peak_mib, record

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "understanding"))

BANKS = {
    "berka": "berka-pkdd99",
    "anz": "anz-synthesised-transactions",
    "cdnow": "cdnow",
    "fraud_handbook": "fraud-handbook-simulated",
}
BAR = (
    "of twelve defects at least eleven named with table, column and rows, at most two false; none false "
    "on sound data"
)


def loaded(name: str) -> Any:
    """The bank tables of a shipped mapping, through the real load."""
    from banks import from_warehouse

    from bankmine import pipeline

    with tempfile.TemporaryDirectory() as place:
        bank = pipeline.init(Path(place) / "bank", mapping=name, extracts=SHARED_DATA / BANKS[name])
        pipeline.load(bank)
        return from_warehouse(pipeline.open_bank(Path(place) / "bank").warehouse)


def measured(name: str, seeds: range) -> dict[str, Any]:
    """One bank's figures over the seeds."""
    from made_up import made_up
    from measure import all_together, look, one_by_one

    fixed = None if name == "made_up" else loaded(name)
    alone: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    together, false_alone, false_clean, seconds = [], [], [], 0.0
    for seed in seeds:
        extract = fixed or made_up(seed, 400)
        started = time.perf_counter()
        known = look(extract).defects
        seconds = max(seconds, time.perf_counter() - started)
        score = one_by_one(extract, seed, known)
        alone += Counter(truth.name for truth in score.planted)
        missed += Counter(truth.name for truth in score.missed)
        false_alone.append(len(score.false))
        false_clean.append(len(known))
        both = all_together(extract, seed, known)
        together.append((both.named, len(both.planted), len(both.false)))
        lost = [truth.name for truth in (*score.missed, *both.missed)]
        print(name, seed, score.named, "of", len(score.planted), "alone;", together[-1], lost, flush=True)
    planted, unnamed = sum(alone.values()), sum(missed.values())
    return {
        "alone": f"{planted - unnamed} of {planted}", "alone_share": round(1 - unnamed / planted, 4),
        "missed": dict(missed), "false_a_run": round(sum(false_alone) / planted, 4),
        "together": f"{sum(t[0] for t in together)} of {sum(t[1] for t in together)}",
        "together_share": round(sum(t[0] for t in together) / max(sum(t[1] for t in together), 1), 4),
        "most_false_together": max(t[2] for t in together),
        "findings_on_sound_data": max(false_clean), "seconds_on_sound_data": round(seconds, 1),
    }  # fmt: skip


def run(banks: tuple[str, ...] = ("made_up", "berka", "anz"), seeds: range = range(10, 20)) -> Row:
    """All banks; the bar must hold for each of them."""
    figures: dict[str, Any] = {name: measured(name, seeds) for name in banks}
    met = all(
        min(f["alone_share"], f["together_share"]) >= 11 / 12
        and f["most_false_together"] <= 2
        and f["findings_on_sound_data"] <= 2
        for f in figures.values()
    )
    return Row(
        row="U1", bankmine={**figures, "peak_mib": peak_mib()}, reference={}, bar=BAR, met=met,
        protocol=f"seeds {seeds.start} to {seeds.stop - 1}; each planter of tests/understanding/defects.py",
        versions=("duckdb", "numpy"),
    )  # fmt: skip


def main() -> None:
    """`python -m benchmarks.understanding_defects [--banks made_up anz] [--seeds 10 20]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--banks", nargs="+", default=["made_up", "berka", "anz"], choices=["made_up", *BANKS]
    )
    parser.add_argument("--seeds", nargs=2, type=int, default=[10, 20])
    parser.add_argument("--record", action="store_true", help="write the row to RESULTS.md")
    chosen = parser.parse_args()
    row = run(tuple(chosen.banks), range(*chosen.seeds))
    if chosen.record:
        record(row, datetime.now(UTC).date().isoformat())
    print(row.line())


if __name__ == "__main__":
    main()
