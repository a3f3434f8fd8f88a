"""A local sentence encoder: texts become vectors by an ONNX model in a folder, with nothing downloaded.

The folder holds `model.onnx` and `vocab.txt` (WordPiece, one piece a line, as BERT's; Devlin et al. 2019).
The model takes `input_ids` and `attention_mask` (and `token_type_ids` where it asks for them), int64 of shape
(texts, pieces), and gives one vector a piece or one a text; pieces are averaged where the mask is one, and
vectors have length one. One thread, so the same text gives the same vector.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.serving.session import session
from bankmine.mining.text.masking import mask
from bankmine.mining.text.words import HAN, normal, texts_of

_PIECE = re.compile(rf"[{HAN}]|[^\W_{HAN}]+|[^\w\s]|_")
_LONGEST_WORD = 100


class SentenceEncoder:
    """Encoder of a local folder; UsageError where a file is absent or the model takes something else.

    `most_pieces`: a longer text is cut; `batch` texts at a time.
    """

    def __init__(self, folder: Path, *, most_pieces: int = 128, batch: int = 32) -> None:
        absent = [name for name in ("model.onnx", "vocab.txt") if not (folder / name).is_file()]
        if absent:
            raise UsageError(
                f"There is no {absent[0]} in {folder}", hint="Give a folder with model.onnx and vocab.txt."
            )
        listed = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self._pieces = {piece: place for place, piece in enumerate(listed)}
        lacking = [piece for piece in ("[CLS]", "[SEP]", "[UNK]", "[PAD]") if piece not in self._pieces]
        if lacking:
            raise UsageError(f"vocab.txt lacks the piece {lacking[0]}", hint="Give a WordPiece vocabulary.")
        self._session = session(folder / "model.onnx")
        self._inputs = [one.name for one in self._session.get_inputs()]
        strange = set(self._inputs) - {"input_ids", "attention_mask", "token_type_ids"}
        if strange or "input_ids" not in self._inputs:
            raise UsageError(
                f"The encoder takes {', '.join(self._inputs)}", hint="It must take input_ids, attention_mask."
            )
        self.most_pieces, self.batch = most_pieces, batch

    def pieces(self, text: str | None) -> list[int]:
        """The places of a text's pieces in the vocabulary, with [CLS] before and [SEP] after."""
        found = [place for word in _PIECE.findall(normal(mask(text))) for place in self._of_word(word)]
        return [self._pieces["[CLS]"], *found[: self.most_pieces - 2], self._pieces["[SEP]"]]

    def encode(self, texts: Any) -> Floats:
        """Vectors of shape (texts, width), of length one; masked before they are encoded."""
        rows = [self.pieces(text) for text in texts_of(texts)]
        parts = [self._encoded(rows[at : at + self.batch]) for at in range(0, len(rows), self.batch)]
        return np.concatenate(parts) if parts else np.zeros((0, 0))

    def _encoded(self, rows: list[list[int]]) -> Floats:
        width = max(len(row) for row in rows)
        pad = self._pieces["[PAD]"]
        ids = np.array([row + [pad] * (width - len(row)) for row in rows], dtype=np.int64)
        seen = np.array([[1] * len(row) + [0] * (width - len(row)) for row in rows], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": seen, "token_type_ids": np.zeros_like(ids)}
        told = np.asarray(
            self._session.run(None, {name: given[name] for name in self._inputs})[0], dtype=np.float64
        )
        if told.ndim == 3:
            told = (told * seen[:, :, None]).sum(axis=1) / seen.sum(axis=1, keepdims=True)
        return np.asarray(told / np.maximum(np.linalg.norm(told, axis=1, keepdims=True), 1e-12))

    def _of_word(self, word: str) -> list[int]:
        """The longest pieces that make a word up, from its beginning (`##` marks those inside)."""
        found, start = [], 0
        if len(word) > _LONGEST_WORD:
            return [self._pieces["[UNK]"]]
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self._pieces:
                    found.append(self._pieces[piece])
                    start = end
                    break
            else:
                return [self._pieces["[UNK]"]]
        return found
