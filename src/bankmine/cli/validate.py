"""What `bankmine validate` prints: a score's tests with figure and verdict, and where the pack lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bankmine.errors import UsageError


def lines(bank: Path, task: str, *, question: str | None, word: Path | None) -> Iterator[str]:
    """The pack in lines; its page goes to validation/ of the bank, the document to where it is asked."""
    from bankmine import pipeline
    from bankmine.lifecycle.validation.pack import slug_of

    if word is not None and word.suffix != ".docx":
        raise UsageError(f"{word} is no .docx file", hint="Give a name that ends in .docx.")
    if word is not None and (word.is_dir() or not word.parent.is_dir()):
        what = f"{word} is a folder" if word.is_dir() else f"{word.parent} is no folder"
        raise UsageError(what, hint="Give a .docx file in a folder that is there.")
    opened = pipeline.open_bank(bank)
    pack = pipeline.validate(opened, task, question=question)
    yield from pack.lines()
    yield f"Page: {pack.write(opened.validation_folder / slug_of(pack.subject))}"
    if word is not None:
        yield f"Document: {pack.word(word)}"
