"""What `bankmine snapshot` prints: what was kept, and where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bankmine.errors import UsageError
from bankmine.pipeline import Progress, open_bank, snapshot, window_snapshot


def lines(
    bank: Path,
    windows: Path | None,
    out: Path | None,
    *,
    cutoffs: Sequence[str],
    progress: Progress,
) -> list[str]:
    """The catalogue's features of all customers at one cutoff, or those a file declares at many."""
    opened = open_bank(bank)
    if windows is not None:
        if out is None:
            raise UsageError("--windows needs a folder to write to", hint="Add --out FOLDER.")
        return window_snapshot(opened, windows, out, cutoffs=cutoffs, progress=progress)
    if out is not None:
        raise UsageError("--out is for --windows", hint="Add --windows FILE, or leave it out.")
    if len(cutoffs) > 1:
        raise UsageError("one cutoff at a time", hint="Add --windows FILE, or call it for each.")
    kept = snapshot(opened, cutoff=cutoffs[0] if cutoffs else None, progress=progress)
    return [
        f"{kept.customers:,} customers, {len(kept.names)} features in {kept.folder}"
        + (" (kept already)" if kept.found else ""),
        f"  {len(kept.missing)} features of the catalogue cannot be had of this bank; "
        f"`bankmine features --bank {bank}` says why",
    ]
