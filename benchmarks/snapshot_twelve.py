"""S2: twelve monthly cutoffs; see `snapshot_speed`."""

from benchmarks.rows import Row
from benchmarks.snapshot_speed import run_row


def run() -> Row:
    """Measures S2."""
    return run_row("S2", 12)
