"""Validation packs kept beside the bank's runs: findings as JSON for pages, the document for those who sign.

They lie in `validation/kept/TASK/RUN/`, one pair a question; a new validation of the same run takes the place
of the one before, in one rename a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.bank.manifest import write_atomically

if TYPE_CHECKING:
    from bankmine.lifecycle.validation.pack import Pack

FOLDER, WHOLE = "kept", "score"


@dataclass(frozen=True)
class KeptPack:
    """A pack as it was kept: `summary` its sentences; `chapters` area, sentence and findings, all plain."""

    name: str
    title: str
    use: str
    run_id: str
    summary: Sequence[Mapping[str, str]]
    chapters: Sequence[Mapping[str, Any]]
    document: Path


def keep(pack: Pack, folder: Path) -> Path:
    """Writes a pack below the bank's validation folder; the path of its findings."""
    subject, run = pack.subject, pack.run
    place = folder / FOLDER / run.task / run.run_id
    place.mkdir(parents=True, exist_ok=True)
    name = subject.name or WHOLE
    document = place / f"{name}.docx"
    pack.word(place / f".{name}.docx")
    os.replace(place / f".{name}.docx", document)
    content = {
        "name": name, "title": subject.title, "use": subject.use, "run_id": run.run_id,
        "summary": [{"text": one.text, "tone": str(one.tone)} for one in pack.summary],
        "chapters": [
            {"area": one.area, "sentence": one.sentence, "findings": [asdict(each) for each in one.findings]}
            for one in pack.chapters
        ],
    }  # fmt: skip
    file = place / f"{name}.json"
    write_atomically(file, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return file


def kept(folder: Path, task: str, run_id: str) -> list[KeptPack]:
    """The packs of a run, by name; none where it was not validated."""
    place = folder / FOLDER / task / run_id
    return [_read(file) for file in sorted(place.glob("*.json"))]


def _read(file: Path) -> KeptPack:
    said = json.loads(file.read_text(encoding="utf-8"))
    return KeptPack(**said, document=file.with_suffix(".docx"))
