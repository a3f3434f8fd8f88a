"""Window features of a bank's own, of all keys at many cutoffs, as files: what `bankmine snapshot` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from bankmine.bank.manifest import write_atomically
from bankmine.customers.content import digest, plain
from bankmine.customers.matrix import Progress
from bankmine.customers.snapshot import check_cutoff, default_cutoff
from bankmine.errors import ConfigurationError
from bankmine.windows import RatioFeature, WindowFeature
from bankmine.windows.declaration import Feature
from bankmine.windows.declared import declared
from bankmine.windows.levels import learn_levels
from bankmine.windows.parts import Question, files_of, missing_shares, question, snapshot_files
from bankmine.windows.staleness import Maximum, refuse_stale, staleness

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

CARD = "_snapshot.json"  # Arrow and Spark leave out what begins so when they read a folder of Parquet
FORMAT = 1
WIDTH, MOST_NAMED = 110, 10


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

    Without a cutoff it is `default_cutoff`. Levels to be learnt are learnt at the first cutoff. Beside the
    parts lies a card, `_snapshot.json`: what was asked of which warehouse, how old its sources were, what is
    missing. CutoffError for a cutoff outside the coverage of the features' tables; other errors are those of
    `declared`, `question` and `refuse_stale`; WarehouseError where the folder exists.
    """
    when = sorted(cutoffs) or [default_cutoff(warehouse)]
    features = _learnt(warehouse, _some(file), when)
    asked = question(warehouse, features, when, key=features[0].source.key)
    if maximum_staleness:
        refuse_stale(warehouse, asked.tables, np.array(when), maximum_staleness)
    files = snapshot_files(
        warehouse, asked, folder, threads=threads, progress=progress,
        finish=lambda place: write_atomically(place / CARD, _card(warehouse, asked, place)),
    )  # fmt: skip
    return [line for said in _said(warehouse, asked, files, folder) for line in _folded(said)]


def _some(file: Path) -> Sequence[Feature]:
    features = declared(file)
    if not features:
        raise ConfigurationError(f"{file.name} declares no features", hint="Add an entry [[windows]].")
    return features


def _learnt(warehouse: Warehouse, features: Sequence[Feature], cutoffs: Sequence[int]) -> list[Feature]:
    """The features with levels learnt at the first cutoff, once it is clear that all cutoffs are covered."""
    tables = {one.source.table for one in features}
    for cutoff in (cutoffs[0], cutoffs[-1]):
        check_cutoff(warehouse, cutoff, [name for name in tables if warehouse.has(name)])
    windows = [one for one in features if isinstance(one, WindowFeature)]
    ratios = [one for one in features if isinstance(one, RatioFeature)]
    return [*learn_levels(warehouse, windows, until=cutoffs[0]), *ratios]


def _card(warehouse: Warehouse, asked: Question, folder: Path) -> str:
    """What a folder of parts holds and where it comes from, as JSON."""
    rows, missing = missing_shares(files_of(folder))
    sources = (one for when in asked.cutoffs for one in staleness(warehouse, asked.tables, when))
    card = {
        "format": FORMAT, "fingerprint": warehouse.fingerprint, "key": asked.key, "rows": rows,
        "cutoffs": list(asked.cutoffs), "cutoffs_shown": [warehouse.zone.show(one) for one in asked.cutoffs],
        "features": [
            {
                "name": one.name, "version": digest(plain(one)), "unit": one.unit, "sentence": one.sentence,
                "missing": missing.get(one.name, 0.0), "declaration": plain(one),
            }
            for one in asked.features
        ],
        "sources": [one.as_dict() for one in sources],
    }  # fmt: skip
    return json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _said(warehouse: Warehouse, asked: Question, files: Sequence[Path], folder: Path) -> Iterator[str]:
    """What was written, how old its sources are, and what is missing."""
    rows, missing = missing_shares(files)
    yield f"{rows:,} rows of {len(asked.features)} features in {len(files)} files of {folder}"
    for one in staleness(warehouse, asked.tables, asked.cutoffs[-1]):
        age = "no event" if one.days is None else f"newest event {one.days:.1f} days"
        yield f"  {one.table}: {age} before the last cutoff"
    whole = [name for name, share in missing.items() if share == 1]
    some = sum(share > 0 for share in missing.values()) - len(whole)
    if some:
        features = "1 feature is" if some == 1 else f"{some} features are"
        yield f"  {features} missing in some rows: nothing to compute from, or the window leaves the coverage"
    if whole:
        more = f" and {len(whole) - MOST_NAMED} more" if len(whole) > MOST_NAMED else ""
        named = ", ".join(whole[:MOST_NAMED])
        yield f"  missing in every row (does the window leave the coverage?): {named}{more}"


def _folded(line: str) -> list[str]:
    """The line, where it names features folded to a page's width; a path is never broken."""
    if not line.startswith(" "):
        return [line]
    return wrap(line, WIDTH, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)
