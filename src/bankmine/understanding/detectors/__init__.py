"""One file a family of defects; each has `detect(scans) -> Iterator[Finding]` and no state.

A detector looks for the signature a defect leaves, not for change as such: a column that holds one value
from a day on, amounts that fit the rest only after a factor of a power of ten, rows that repeat others.
"""

from collections.abc import Iterator, Mapping

from bankmine.understanding.detectors import (
    calendar,
    clock,
    copies,
    direction,
    encoding,
    ends,
    frozen,
    keys,
    missing,
    money,
    order,
    recoding,
    swaps,
    units,
)  # fmt: skip
from bankmine.understanding.findings import Finding
from bankmine.understanding.scan import Scan

DETECTORS = (
    calendar, ends, clock, order, copies, units, swaps, keys, frozen, missing, encoding, direction, money,
    recoding,
)  # fmt: skip


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """The findings of all detectors."""
    for detector in DETECTORS:
        yield from detector.detect(scans)
