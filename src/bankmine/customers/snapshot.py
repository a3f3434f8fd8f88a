"""A snapshot: all features of all customers at one cutoff, kept beside the warehouse.

It is named by its content's cause (the warehouse's fingerprint, the cutoff, the catalogue), so asking again
finds it, and any load, cutoff or changed declaration makes another one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.bank.manifest import write_atomically
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.content import changes
from bankmine.customers.matrix import Progress, matrix, report_of
from bankmine.customers.population import customers_at
from bankmine.errors import CutoffError, UsageError
from bankmine.windows.staleness import Maximum, Staleness

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

FORMAT = 2
_FILE, _CARD = "features.parquet", "snapshot.json"


@dataclass(frozen=True)
class Snapshot:
    """A snapshot on disk: `names` are its features, `missing` those the bank does not allow, with reasons.

    `versions` are the features' versions when it was made; `sources` says how old the newest event of each
    event table was; `found` says that it was there already.
    """

    folder: Path
    cutoff: int
    customers: int
    names: tuple[str, ...]
    versions: Mapping[str, str]
    missing: dict[str, str]
    statements: tuple[str, ...]
    found: bool
    sources: tuple[Staleness, ...] = ()

    def changed(self, catalogue: Catalogue = CATALOGUE) -> dict[str, str]:
        """The features that are declared otherwise now, or no longer, and what became of each."""
        return changes(self.versions, catalogue.versions)

    def read(self, names: Sequence[str] | None = None, *, catalogue: Catalogue = CATALOGUE) -> Any:
        """The rows with the features named (default: all), sorted by customer_id, with units as metadata.

        Warns (`ChangedFeatures`) where one of them is declared otherwise now: its values are the old ones.
        UsageError for a name the snapshot does not have.
        """
        import pyarrow.parquet as pq

        unknown = [name for name in names or () if name not in self.names]
        if unknown:
            why = self.missing.get(unknown[0]) or "it was not declared when the snapshot was made"
            raise UsageError(f"the snapshot has no {unknown[0]}", hint=f"{why[0].upper()}{why[1:]}.")
        asked = set(self.names if names is None else names)
        changed = {name: why for name, why in self.changed(catalogue).items() if name in asked}
        if changed:
            warnings.warn(_in_short(changed), ChangedFeatures, stacklevel=2)
        keys = ["subject_kind", "subject_id", "customer_id", "cutoff"]
        columns = None if names is None else [*keys, *names]
        return pq.ParquetFile(self.folder / _FILE).read(columns=columns)


class ChangedFeatures(UserWarning):
    """A kept table holds values of features that have been declared otherwise since."""


def kept_snapshots(folder: Path) -> tuple[Snapshot, ...]:
    """The snapshots kept in a folder, by cutoff, then by name; those not whole are left out."""
    found = [_open(place.parent, found=True) for place in sorted(folder.glob(f"*/{_CARD}"))]
    return tuple(sorted(found, key=lambda one: (one.cutoff, one.folder.name)))


def default_cutoff(warehouse: Warehouse) -> int:
    """Where the transactions end (else the event table that ends first), µs since 1970 UTC.

    CutoffError where no event table states a coverage.
    """
    own = warehouse.coverage("transaction") if warehouse.has("transaction") else None
    spans = [own] if own else [span for name in warehouse.tables() if (span := warehouse.coverage(name))]
    if not spans:
        raise CutoffError("no table says which period it speaks for", hint="Give a cutoff.")
    return min(span[1] for span in spans)


def keep_snapshot(
    warehouse: Warehouse,
    folder: Path | None = None,
    *,
    cutoff: int | None = None,
    catalogue: Catalogue = CATALOGUE,
    maximum_staleness: Maximum | None = None,
    memory: str = "1GB",
    threads: int = 2,
    progress: Progress | None = None,
) -> Snapshot:
    """All customer features the bank allows, of all its customers at a cutoff (µs since 1970 UTC).

    `folder` is where snapshots lie (default: `snapshots` beside the warehouse); the default cutoff is
    `default_cutoff`. A snapshot that is there already is found, not made again. Which features the bank
    allows is judged by what was known at the cutoff. CutoffError for a cutoff past the coverage of all
    event tables, or where the newest event of a source is older than `maximum_staleness` ("7d");
    FeasibilityError where nobody was known.
    """
    cutoff = default_cutoff(warehouse) if cutoff is None else cutoff
    check_cutoff(warehouse, cutoff)
    place = (folder or warehouse.folder.parent / "snapshots") / _name(warehouse, cutoff, catalogue)
    if (place / _CARD).exists():
        return _fresh(_open(place, found=True), maximum_staleness, warehouse)
    available = catalogue.available(warehouse, as_of=cutoff)
    rows, asked = customers_at(warehouse, cutoff, memory=memory, threads=threads)
    names = available.names_of("customer")
    table = matrix(
        warehouse, rows, names, catalogue=catalogue, maximum_staleness=maximum_staleness, memory=memory,
        threads=threads, progress=progress,
    )  # fmt: skip
    own = {name: why for name, why in available.reasons.items() if catalogue[name].subject == "customer"}
    card = {
        "format": FORMAT, "fingerprint": warehouse.fingerprint, "catalogue": catalogue.version,
        "cutoff": cutoff, "customers": rows.num_rows, "names": list(names),
        "versions": {name: catalogue.versions[name] for name in names},
        "missing": own, "sources": [one.as_dict() for one in report_of(table).sources],
        "statements": [*available.statements, *asked],
    }  # fmt: skip
    _write(place, table, card)
    return _open(place, found=False)


def _fresh(taken: Snapshot, maximum: Maximum | None, warehouse: Warehouse) -> Snapshot:
    """The snapshot that was found; refused where a source was too old at its cutoff."""
    if maximum is not None:
        for one in taken.sources:
            one.check(maximum, warehouse.zone)
    return taken


def check_cutoff(warehouse: Warehouse, cutoff: int, tables: Sequence[str] | None = None) -> None:
    """Refuses a cutoff at which no event table (of `tables`) speaks: every window would be missing."""
    names = warehouse.tables() if tables is None else tables
    spans = [span for name in names if (span := warehouse.coverage(name))]
    if not spans:
        return
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    if not first < cutoff <= last:
        show = warehouse.zone.show
        raise CutoffError(
            f"the cutoff {show(cutoff)} lies outside what the extracts speak for",
            hint=f"Choose one after {show(first)} and up to {show(last)}.",
        )


def _name(warehouse: Warehouse, cutoff: int, catalogue: Catalogue) -> str:
    parts = f"{FORMAT}\n{warehouse.fingerprint}\n{cutoff}\n{catalogue.version}"
    return f"{warehouse.zone.show(cutoff).replace(':', '')}-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"


def _in_short(changed: Mapping[str, str]) -> str:
    said = list(changed.values())
    more = f"; and {len(said) - 3} more" if len(said) > 3 else ""
    return f"{'; '.join(said[:3])}{more}. Make the snapshot again to have them as they are declared now."


def _open(place: Path, *, found: bool) -> Snapshot:
    card = json.loads((place / _CARD).read_text(encoding="utf-8"))
    return Snapshot(
        folder=place, cutoff=card["cutoff"], customers=card["customers"], names=tuple(card["names"]),
        versions=card.get("versions", {}), missing=card["missing"],
        statements=tuple(card["statements"]), found=found,
        sources=tuple(Staleness(**one) for one in card.get("sources", ())),
    )  # fmt: skip


def _write(place: Path, table: Any, card: dict[str, Any]) -> None:
    """Writes the features, then the card that makes them count; a crash leaves no half snapshot."""
    import pyarrow.parquet as pq

    if place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    pq.write_table(table, place / _FILE, compression="zstd")
    write_atomically(place / _CARD, json.dumps(card, indent=1, sort_keys=True) + "\n")
