"""Windows: declared window features, and one exact way to compute them in snapshots and in replay.

Owns the declarations, the kernels, the rule of time inside a window, and `naive`, the slow and obvious twin
that every kernel is tested against. Imports `bank` (the warehouse is read bucket by bucket) and errors.
Start at `declaration.py`; then `kernel.py`, whose head draws the bands; docs/windows.md has the semantics.
"""

from bankmine.windows.declaration import (
    Events,
    Feature,
    RatioFeature,
    WindowFeature,
    events,
    learnt,
    ratio,
    windows,
)
from bankmine.windows.levels import learn_levels
from bankmine.windows.replay import replay
from bankmine.windows.snapshot import snapshot
from bankmine.windows.span import Span

__all__ = [
    "Events",
    "Feature",
    "RatioFeature",
    "Span",
    "WindowFeature",
    "events",
    "learn_levels",
    "learnt",
    "ratio",
    "replay",
    "snapshot",
    "windows",
]
