"""Window features of a bank's own, of all keys at many cutoffs, as files: what `bankmine snapshot` writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bankmine.customers.matrix import Progress
from bankmine.customers.snapshot import default_cutoff
from bankmine.errors import ConfigurationError
from bankmine.windows import RatioFeature, WindowFeature
from bankmine.windows.declaration import Feature
from bankmine.windows.declared import declared
from bankmine.windows.levels import learn_levels
from bankmine.windows.parts import Question, missing_shares, question, snapshot_files
from bankmine.windows.staleness import Maximum, refuse_stale, staleness

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse


def write_window_files(
    warehouse: Warehouse,
    file: Path,
    folder: Path,
    cutoffs: Sequence[int],
    *,
    threads: int = 2,
    maximum_staleness: Maximum | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Writes the features a file declares, all of one key, at each cutoff (µs); what was written, in lines.

    Without a cutoff it is `default_cutoff`. Levels to be learnt are learnt at the first cutoff. Errors are
    those of `declared`, `question` and `refuse_stale`; WarehouseError where the folder exists.
    """
    when = sorted(cutoffs) or [default_cutoff(warehouse)]
    features = _learnt(warehouse, declared(file), when[0])
    if not features:
        raise ConfigurationError(f"{file.name} declares no features", hint="Add an entry [[windows]].")
    asked = question(warehouse, features, when, key=features[0].source.key)
    if maximum_staleness:
        refuse_stale(warehouse, asked.tables, np.array(when), maximum_staleness)
    files = snapshot_files(warehouse, asked, folder, threads=threads, progress=progress)
    return list(_said(warehouse, asked, files, folder))


def _learnt(warehouse: Warehouse, features: Sequence[Feature], until: int) -> list[Feature]:
    plain = [one for one in features if isinstance(one, WindowFeature)]
    ratios = [one for one in features if isinstance(one, RatioFeature)]
    return [*learn_levels(warehouse, plain, until=until), *ratios]


def _said(warehouse: Warehouse, asked: Question, files: Sequence[Path], folder: Path) -> Iterator[str]:
    """What was written, how old its sources are, and what is missing everywhere."""
    rows, missing = missing_shares(files)
    yield f"{rows:,} rows of {len(asked.features)} features in {len(files)} files of {folder}"
    for one in staleness(warehouse, asked.tables, asked.cutoffs[-1]):
        age = "no event" if one.days is None else f"newest event {one.days:.1f} days"
        yield f"  {one.table}: {age} before the last cutoff"
    some = {name: share for name, share in missing.items() if share > 0}
    whole = [name for name, share in some.items() if share == 1]
    if len(some) > len(whole):
        yield f"  {len(some) - len(whole)} features are missing in some rows, none defined or not covered"
    if whole:
        yield f"  missing in every row (does the window leave the coverage?): {', '.join(whole)}"
