"""Model files: readable, never pickle, and the same model to the last bit."""

import json
from pathlib import Path

import numpy as np
import pytest
from samples import blobs, risky

from bankmine.errors import UsageError
from bankmine.mining.classification.baselines import Prior, SingleRule
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.calibration import Calibrated
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.files import load, save


@pytest.mark.parametrize(
    "miner", [Prior(), SingleRule("x0"), Logistic(C=0.3), Boosting(30)], ids=lambda m: type(m).__name__
)
def test_a_saved_classifier_answers_the_same_to_the_bit(miner: Prior, tmp_path: Path) -> None:
    X, y = risky(1500)
    X[:, 2] /= 3
    miner.fit(X, y)
    for model in (miner, Calibrated(miner).fit(X, y)):
        files = save(model, tmp_path)
        again = load(tmp_path)
        assert {path.suffix for path in files} <= {".json", ".txt"}
        assert type(again) is type(model)
        assert again.probability(X).tobytes() == model.probability(X).tobytes()
        assert again.decision_function(X).tobytes() == model.decision_function(X).tobytes()
        assert again.reasons(X[:9]).row(3) == model.reasons(X[:9]).row(3)
        assert again.base_rate_ == model.base_rate_


def test_saving_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    X, y = risky(1500)
    for name, threads in (("a", 1), ("b", 2)):
        save(Boosting(30, num_threads=threads).fit(X, y), tmp_path / name)
    assert (tmp_path / "a/booster.txt").read_bytes() == (tmp_path / "b/booster.txt").read_bytes()


def test_a_saved_clusterer_assigns_new_rows(tmp_path: Path) -> None:
    miner = KMeans(3).fit(blobs(), names=["spend", "visits"])
    save(miner, tmp_path)
    again = load(tmp_path)
    assert again.predict(np.array([[8.0, 0.0]])) == miner.predict(np.array([[8.0, 0.0]]))
    assert again.names_ == ("spend", "visits")


def test_the_file_is_strict_json(tmp_path: Path) -> None:
    X, y = risky(500)
    save(Logistic().fit(X, y), tmp_path)

    def refuse(word: str) -> float:
        raise AssertionError(word)

    content = json.loads((tmp_path / "model.json").read_text(), parse_constant=refuse)
    assert content["miner"] == "Logistic"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no model\.json"):
        load(tmp_path)


def test_a_file_cannot_name_a_class_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"format": 1, "miner": "os.system"}')
    with pytest.raises(UsageError, match="Known miners are"):
        load(tmp_path)


def test_a_booster_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    X, y = risky(500)
    save(Boosting(5).fit(X, y), tmp_path / "model")
    path = tmp_path / "model/model.json"
    (tmp_path / "booster.txt").write_text("elsewhere")
    path.write_text(path.read_text().replace('"booster.txt"', '"../booster.txt"'))
    assert load(tmp_path / "model").rounds_ == 5
