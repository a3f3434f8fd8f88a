"""S1: one cutoff; see `snapshot_speed`."""

from benchmarks.rows import Row
from benchmarks.snapshot_speed import run_row


def run() -> Row:
    """Measures S1."""
    return run_row("S1", 1)
