"""Extracts → bank tables: connectors, mappings, contract checks, rejects.

May import engine, bank, errors, clock and config. Start reading at `loading.load` and `process.Process`,
which tells the story of a load from top to bottom; `mapping` says what a mapping folder holds, and
`mappings/` has those shipped (copy one for your own bank). `connectors` read files and databases,
`contract` judges rows, `checking` verifies a loaded bank against what its mapping promises.
"""

from bankmine.sources.checking import Finding, check
from bankmine.sources.extracts import refuse_unmarked
from bankmine.sources.history import history, loads
from bankmine.sources.loading import LoadResult, Progress, load, warehouse_folder
from bankmine.sources.mapping import SHIPPED, Mapping, load_mapping, mappings

__all__ = [
    "SHIPPED",
    "Finding",
    "LoadResult",
    "Mapping",
    "Progress",
    "check",
    "history",
    "load",
    "load_mapping",
    "loads",
    "mappings",
    "refuse_unmarked",
    "warehouse_folder",
]
