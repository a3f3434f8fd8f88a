"""Model files anyone can read: JSON, LightGBM's own text, ONNX; never pickle, which runs code when opened.

`save(miner, folder)` writes `model.json` (and `booster.txt` for boosting, `model.onnx` for networks that
onnxruntime answers: bytes under the key `onnx`); `load(folder)` gives back a miner
that answers the same to the last bit. Floats are written with the shortest digits that read back exactly.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats

FORMAT = 1
MINERS = {
    "Amounts": "bankmine.mining.description.amounts",
    "KMeans": "bankmine.mining.clustering.kmeans",
    "AdaptiveKMeans": "bankmine.mining.clustering.adaptive",
    "MiniBatchKMeans": "bankmine.mining.clustering.mini_batch",
    "KMedoids": "bankmine.mining.clustering.kmedoids",
    "DBSCAN": "bankmine.mining.clustering.density",
    "OPTICS": "bankmine.mining.clustering.density",
    "GaussianMixture": "bankmine.mining.clustering.mixture",
    "CURE": "bankmine.mining.clustering.cure",
    "BIRCH": "bankmine.mining.clustering.birch",
    "Prior": "bankmine.mining.classification.baselines",
    "SingleRule": "bankmine.mining.classification.baselines",
    "CountRule": "bankmine.mining.classification.baselines",
    "Logistic": "bankmine.mining.classification.logistic",
    "Boosting": "bankmine.mining.classification.boosting",
    "PerSegment": "bankmine.mining.classification.per_segment",
    "DecisionTree": "bankmine.mining.classification.tree",
    "NaiveBayes": "bankmine.mining.classification.bayes",
    "TreeAugmentedBayes": "bankmine.mining.classification.tree_augmented",
    "NeuralNetwork": "bankmine.mining.classification.network",
    "GeneticRules": "bankmine.mining.classification.genetic",
    "RoughSets": "bankmine.mining.classification.rough_sets",
    "FuzzyRules": "bankmine.mining.classification.fuzzy",
    "Calibrated": "bankmine.mining.classification.calibration",
    "Isotonic": "bankmine.mining.classification.calibration",
    "Platt": "bankmine.mining.classification.calibration",
    "Shifted": "bankmine.mining.classification.level",
    "Uncalibrated": "bankmine.mining.classification.calibration",
    "KaplanMeier": "bankmine.mining.survival.kaplan_meier",
    "Cox": "bankmine.mining.survival.cox",
    "DiscreteHazard": "bankmine.mining.survival.discrete",
    "FormModel": "bankmine.mining.form.model",
    "BgNbd": "bankmine.mining.value.beta_geometric",
    "MbgNbd": "bankmine.mining.value.beta_geometric",
    "ParetoNbd": "bankmine.mining.value.pareto_nbd",
    "BgBb": "bankmine.mining.value.bg_bb",
    "TextLinear": "bankmine.mining.text.linear",
    "SortedTermNetwork": "bankmine.mining.text.sorted_terms",
    "GammaGamma": "bankmine.mining.value.gamma_gamma",
    "Scorecard": "bankmine.mining.scorecard.scorecard",
    "SequenceNetwork": "bankmine.mining.sequence.classifier",
    "Transitions": "bankmine.mining.sequence.transitions",
    "Stack": "bankmine.mining.combination.stack",
}


def numbers(values: Any) -> list[Any]:
    """An array as nested lists of plain numbers; NaN becomes null, for strict JSON has no NaN."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim > 1:
        return [numbers(row) for row in array]
    return [None if np.isnan(value) else value for value in array.tolist()]


def plain(value: Any) -> Any:
    """A result (a dataclass of numbers, texts and collections) as strict JSON values; NaN becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def array(values: Any) -> Floats:
    """The inverse of `numbers`."""
    return np.asarray(values, dtype=np.float64)


def plain_booster(text: str) -> str:
    """LightGBM's text without the number of threads, which changes nothing in the model."""
    return re.sub(r"^\[num_threads: \d+\]$", "[num_threads: 0]", text, flags=re.MULTILINE)


def document(miner: Any) -> dict[str, Any]:
    """The whole of a fitted miner as plain JSON values."""
    return {"format": FORMAT, "miner": type(miner).__name__, **miner.to_json()}


def from_document(content: dict[str, Any]) -> Any:
    """The miner a `document` describes."""
    name = content.get("miner")
    if name not in MINERS or content.get("format") != FORMAT:
        raise UsageError(
            f"The model names the miner {name!r} in format {content.get('format')!r}",
            hint=f"Known miners are {', '.join(sorted(MINERS))}, in format {FORMAT}.",
        )
    return getattr(import_module(MINERS[name]), name).from_json(content)


def save(miner: Any, folder: Path) -> list[Path]:
    """Write a fitted miner into `folder` (made if absent); returns the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    content = document(miner)
    texts = _take_texts(content)
    written = []
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        written.append(folder / name)
    for name, model in _take_models(content).items():
        (folder / name).write_bytes(model)
        written.append(folder / name)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=_of_numpy) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8", newline="\n")
    return [folder / "model.json", *written]


def load(folder: Path) -> Any:
    """The miner saved in `folder`."""
    path = folder / "model.json"
    if not path.is_file():
        raise UsageError(f"There is no model.json in {folder}", hint="Give the folder a model was saved in.")
    content = json.loads(path.read_text(encoding="utf-8"))
    _put_texts(content, folder)
    return from_document(content)


def _of_numpy(value: Any) -> Any:
    """A parameter given as NumPy's number, as a plain one."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _take_texts(content: dict[str, Any]) -> dict[str, str]:
    """Move LightGBM texts, which may be megabytes, out of the JSON into files of their own."""
    taken: dict[str, str] = {}
    for node in _boosters(content):
        name = "booster.txt" if not taken else f"booster-{len(taken)}.txt"
        taken[name] = node.pop("booster")
        node["booster_file"] = name
    return taken


def _put_texts(content: dict[str, Any], folder: Path) -> None:
    for node in _boosters(content, "booster_file"):
        name = Path(node.pop("booster_file")).name
        node["booster"] = (folder / name).read_text(encoding="utf-8")
    for node in _boosters(content, "onnx_file"):
        node["onnx"] = (folder / Path(node.pop("onnx_file")).name).read_bytes()


def _take_models(content: dict[str, Any]) -> dict[str, bytes]:
    """Move ONNX models, which are bytes, out of the JSON into files of their own."""
    taken: dict[str, bytes] = {}
    for node in _boosters(content, "onnx"):
        name = "model.onnx" if not taken else f"model-{len(taken)}.onnx"
        taken[name] = node.pop("onnx")
        node["onnx_file"] = name
    return taken


def _boosters(content: Any, key: str = "booster") -> list[dict[str, Any]]:
    if not isinstance(content, dict):
        return []
    here = [content] if key in content else []
    return here + [node for value in content.values() for node in _boosters(value, key)]
