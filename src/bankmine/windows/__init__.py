"""Windows: declared window features, and one exact way to compute them: in snapshots, in replay, online.

Owns the declarations, the rule of time inside a window, and `naive`, the slow and obvious twin that every
path is tested against; `reading/` brings rows, `kernels/` compute, `online/` keeps a state. Imports `bank`
and, for Spark, `engine`. Start at `declaration.py`, then `snapshot.py`; docs/windows.md has the semantics.
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
