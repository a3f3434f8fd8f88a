"""Which files of a folder are a mapping's extracts, and which are not.

The first alternative that is there is taken; everything else in the folder is reported as ignored, so
that nobody believes a file was read that was not.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bankmine.errors import ConfigurationError, SourceError
from bankmine.sources.mapping import Alternative, Extract, Mapping

DELIVERY = "delivery.toml"


@dataclass(frozen=True, kw_only=True)
class Found:
    """An extract and the files that deliver it (none for a database)."""

    extract: Extract
    alternative: Alternative
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The name of the view a mapping reads it by."""
        return self.extract.name


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What lies in the extracts' folder: the extracts found, those that are not there, the rest."""

    folder: Path
    found: dict[str, Found]
    missing: tuple[str, ...]
    ignored: tuple[str, ...]
    extract_date: date


def find(mapping: Mapping, folder: Path, *, extract_date: date | None = None) -> Delivery:
    """Matches the folder's files with the mapping; SourceError where a required extract is missing."""
    if not folder.is_dir():
        raise SourceError(
            f"there is no folder {folder}",
            hint="Name the folder of the extracts as bank.extracts in bankmine.toml.",
        )
    refuse_unmarked(mapping, folder)
    found: dict[str, Found] = {}
    missing = []
    for name, extract in mapping.extracts.items():
        chosen = _choose(extract, folder)
        if chosen:
            found[name] = chosen
        elif extract.required:
            wanted = " or ".join(one.file for one in extract.alternatives if one.file)
            raise SourceError(
                f"the extract {name} is missing: {folder} has no {wanted}",
                hint="Put the file there, or name the right folder as bank.extracts in bankmine.toml.",
            )
        else:
            missing.append(name)
    taken = {path for one in found.values() for path in one.files} | {folder / DELIVERY}
    taken |= {folder / mapping.marker} if mapping.marker else set()
    rest = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path not in taken and path.relative_to(folder).parts[0] not in mapping.beside
    )
    return Delivery(
        folder=folder,
        found=found,
        missing=tuple(missing),
        ignored=tuple(rest),
        extract_date=extract_date or _extract_date(mapping, folder),
    )


def refuse_unmarked(mapping: Mapping, folder: Path) -> None:
    """SourceError where the folder lacks the file by which the mapping knows its extracts."""
    if mapping.marker and not (folder / mapping.marker).is_file():
        raise SourceError(
            f"{folder} holds no extracts for the mapping {mapping.name}: it has no {mapping.marker}",
            hint="Name the folder that holds it, or the mapping these extracts are of.",
        )


def _choose(extract: Extract, folder: Path) -> Found | None:
    for alternative in extract.alternatives:
        if alternative.file is None:
            return Found(extract=extract, alternative=alternative, files=())
        files = tuple(sorted(path for path in folder.glob(alternative.file) if path.is_file()))
        if files:
            return Found(extract=extract, alternative=alternative, files=files)
    return None


def _extract_date(mapping: Mapping, folder: Path) -> date:
    file = folder / DELIVERY
    if file.exists():
        try:
            return date.fromisoformat(str(tomllib.loads(file.read_text(encoding="utf-8"))["extract_date"]))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError):
            raise SourceError(
                f"{file} does not say when the extracts were drawn",
                hint='Write extract_date = "2026-05-31" in it.',
            ) from None
    if mapping.extract_date is None:
        raise ConfigurationError(
            f"nothing says when the extracts in {folder} were drawn",
            hint=f'Write extract_date = "2026-05-31" in {DELIVERY} beside them, or in mapping.toml.',
        )
    return mapping.extract_date


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
