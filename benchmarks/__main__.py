"""Runs the rows: `python -m benchmarks` all of them, `python -m benchmarks T9` one.

Each row runs in a process of its own, prints one JSON line last and writes its section of RESULTS.md.
Exit code 1 where a row could not run; a missed bar is a result, not a failure.

To try a row out, make it smaller by the environment. The line printed then says "reduced": true, and
RESULTS.md and the pictures stay as they are:

    BENCH_ROWS             transactions of S1, S2, S3 and SPK, sequences of S12 and SEQ, calls of S13,
                           applicants of CSC
    BENCH_ROWS_A_CUSTOMER  transactions a customer of the made-up warehouses
    BENCH_REPLAY_ROWS      transactions of S6
    BENCH_ONLINE_EVENTS    events of ONL
    BENCH_CUSTOMERS        customers of R2, S15, CUS and CRD
    BENCH_SIZES            transactions of S4 and PIC, customers of S7 and GRO, with commas between
    BENCH_SETS             data sets of FAM (german taiwan bank) or seeds of CUS and CRD, with blanks
                           between
    BENCH_ROUNDS           how often the contenders of S1, S2, SPK, S12 and CSC alternate, seeds of
                           SEQ, worlds a kind of REJ

More do not make a run a reduced one: BENCH_BANK, the bank that ACC, PAG and S11 read; BENCH_FOLDER, where
made-up data are kept between runs; BENCH_SEED, which world R2 makes up; BENCH_PEERS, the Python in which
peers of S9, S12, S14, T5, T6 and CLU are installed (default: this).
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rows import record

ROWS = {
    "R1": "simulated_shapes",
    "T3": "association_groceries",
    "T4": "association_retail",
    "T5": "scorecard_german",
    "T6": "scorecard_taiwan",
    "T7": "classification_in_time",
    "CAR": "classification_caravan",
    "FAM": "classification_families",
    "T9": "card_fraud",
    "S1": "snapshot_one",
    "S2": "snapshot_twelve",
    "S3": "day_speed",
    "S4": "snapshot_memory",
    "PIC": "pictures",
    "SPK": "spark_snapshot",
    "S5": "online_speed",
    "ONL": "online_memory",
    "S6": "replay_speed",
    "S7": "simulate_speed",
    "S9": "scorecard_speed",
    "S10": "association_speed",
    "S14": "clustering_speed",
    "CLU": "clustering_quality",
    "S16": "size_and_start",
    "U1": "understanding_defects",
    "R2": "simulated_shortcuts",
    "TRT": "simulated_traits",
    "TXT": "simulated_texts",
    "TXM": "text_models",
    "CON": "text_contradictions",
    "NET": "network_speed",
    "SEQ": "sequence_order",
    "S12": "sequence_speed",
    "S13": "serving_speed",
    "T1": "value_bg_nbd",
    "T2": "value_pareto_nbd",
    "S15": "value_speed",
    "FRM": "form_answers",
    "CUS": "simulated_customers",
    "GRO": "customer_growth",
    "REJ": "reject_inference",
    "CRD": "credit_quality",
    "CSC": "credit_speed",
    "ACC": "access_speed",
    "PAG": "pages_speed",
    "S11": "decision_speed",
}


def one(name: str) -> None:
    """Runs one row in this process."""
    module = importlib.import_module(f"benchmarks.{ROWS[name]}")
    row = module.run()
    record(row, datetime.now(UTC).date().isoformat())
    print(row.line())


def main() -> int:
    """Runs the rows named, or all."""
    wanted = [word.upper() for word in sys.argv[1:]] or list(ROWS)
    unknown = [name for name in wanted if name not in ROWS]
    if unknown:
        print(f"there is no row {unknown[0]}; there are {', '.join(ROWS)}", file=sys.stderr)
        return 2
    if len(wanted) == 1:
        one(wanted[0])
        return 0
    failed = 0
    for name in wanted:
        failed += (
            subprocess.run(
                [sys.executable, "-m", "benchmarks", name], cwd=Path(__file__).parents[1]
            ).returncode
            != 0
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
