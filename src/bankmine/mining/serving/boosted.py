"""A boosted model with its calibrator behind one call: one row in tens of microseconds.

The trees answer through onnxruntime on one thread, in doubles, and equal LightGBM's own answer; the
calibrator, if there is one, is put behind. Saved as `served.onnx` and `served.json`; loading takes neither
lightgbm nor scikit-learn.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.calibration import Calibrated, Calibrator, Uncalibrated
from bankmine.mining.contract import Floats
from bankmine.mining.files import document, from_document
from bankmine.mining.serving.session import session
from bankmine.mining.serving.trees import onnx_of_trees, trees_of

FORMAT = 1


class ServedBoosting:
    """Answers as the `Boosting`, or the `Calibrated` one, it was made of."""

    def __init__(self, onnx: bytes, names: tuple[str, ...], calibrator: Calibrator | None) -> None:
        self.onnx = onnx
        self.names = names
        self.calibrator = calibrator
        self._session = session(onnx)

    @classmethod
    def of(cls, miner: Boosting | Calibrated) -> Self:
        """The served form of a fitted miner. UsageError where it is no boosting."""
        calibrator = miner.calibrator_ if isinstance(miner, Calibrated) else None
        boosting = miner.classifier if isinstance(miner, Calibrated) else miner
        if not isinstance(boosting, Boosting):
            raise UsageError(
                f"{type(boosting).__name__} has no served form", hint="Give Boosting, calibrated or not."
            )
        model = onnx_of_trees(trees_of(boosting.booster_text_), len(boosting.names_))
        return cls(model, boosting.names_, calibrator)

    def one(self, row: Floats) -> float:
        """The probability for one row of shape (columns,), in the order of `names`; NaN is missing."""
        values = np.asarray(row, dtype=np.float64)
        if values.shape != (len(self.names),):
            raise self._misshapen(values)
        odds = self._session.run(None, {"rows": values[None]})[0][0]
        return float(self._calibrated(odds)[0])

    def probability(self, rows: Floats) -> Floats:
        """Probabilities of rows of shape (rows, columns)."""
        values = np.ascontiguousarray(rows, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.names):
            raise self._misshapen(values)
        return self._calibrated(self.log_odds(values))

    def log_odds(self, rows: Floats) -> Floats:
        """The booster's log-odds, before the calibrator, shape (rows,)."""
        return np.asarray(self._session.run(None, {"rows": rows})[0][:, 0])

    def save(self, folder: Path) -> list[Path]:
        """Write `served.onnx` and `served.json`; returns the files."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "format": FORMAT,
            "names": list(self.names),
            "calibrator": None if self.calibrator is None else document(self.calibrator),
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (folder / "served.json").write_text(text, encoding="utf-8", newline="\n")
        (folder / "served.onnx").write_bytes(self.onnx)
        return [folder / "served.json", folder / "served.onnx"]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What was saved in `folder`."""
        path = folder / "served.json"
        if not path.is_file():
            raise UsageError(f"There is no served.json in {folder}", hint="Give a folder of a served model.")
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            found = content.get("format")
            raise UsageError(f"The served model has format {found!r}", hint=f"Known is {FORMAT}.")
        calibrator = content["calibrator"]
        return cls(
            (folder / "served.onnx").read_bytes(),
            tuple(content["names"]),
            None if calibrator is None else from_document(calibrator),
        )

    def _calibrated(self, odds: Floats) -> Floats:
        raw = logistic(odds)
        if self.calibrator is None or isinstance(self.calibrator, Uncalibrated):
            return raw
        return np.asarray(self.calibrator.probability(log_odds(raw)), dtype=np.float64)

    def _misshapen(self, values: Floats) -> UsageError:
        return UsageError(
            f"The served model was given an array of shape {values.shape}",
            hint=f"It was fitted on {len(self.names)} columns.",
        )
