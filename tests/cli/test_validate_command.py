"""`bankmine validate --word`: where the document shall go is looked at before any work."""

from pathlib import Path

import pytest

from bankmine.cli.validate import lines
from bankmine.errors import UsageError


def test_a_document_that_cannot_be_written_is_refused_before_the_bank_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "pack.docx"
    folder.mkdir()
    for word, said in (
        (folder, "is a folder"), (tmp_path / "nowhere" / "pack.docx", "is no folder"),
        (tmp_path, "is no .docx file"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            next(lines(tmp_path / "no bank", "churn", question=None, word=word))
