"""Extracts → bank tables: connectors, mappings, contract checks, rejects.

May import engine, bank, errors, clock and config. Start reading at `loading.load`, which tells the story
of a load from top to bottom; `mapping` says what a mapping folder holds, and `mappings/` has those shipped
(copy one for your own bank). `connectors` read files and databases, `contract` judges rows, `checking`
verifies a loaded bank against what its mapping promises.
"""

from bankmine.sources.loading import LoadResult, Progress, load, warehouse_folder
from bankmine.sources.mapping import Mapping, load_mapping, mappings

__all__ = [
    "LoadResult",
    "Mapping",
    "Progress",
    "load",
    "load_mapping",
    "mappings",
    "warehouse_folder",
]
