"""The network of sorted terms, near-copies and the local encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_text_linear import sample

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import load, save
from bankmine.mining.text.encoder import SentenceEncoder
from bankmine.mining.text.linear import TextLinear
from bankmine.mining.text.near_copies import copies_before, near_copies, shingles
from bankmine.mining.text.sorted_terms import SortedTermNetwork


def learnt() -> tuple[SortedTermNetwork, list[str | None]]:
    texts, y = sample()
    return SortedTermNetwork(terms=4, width=6, hidden=16).fit(texts * 3, y * 3), texts


def test_the_sorted_network_learns_and_survives_saving(tmp_path: Path) -> None:
    miner, texts = learnt()
    _, y = sample()
    assert (miner.predict(texts) == np.array(y)).mean() > 0.9
    save(miner, tmp_path)
    again = load(tmp_path)
    assert again.predict_proba(texts).tobytes() == miner.predict_proba(texts).tobytes()
    assert again.reasons(texts[:2]).row(1) == miner.reasons(texts[:2]).row(1)


def test_the_same_seed_gives_the_same_network_and_a_row_alone_the_same_answer() -> None:
    miner, texts = learnt()
    other, _ = learnt()
    told = miner.decision_function(texts)
    assert other.decision_function(texts).tobytes() == told.tobytes()
    assert [miner.decision_function([text])[0] for text in texts[:4]] == told[:4].tolist()


@pytest.mark.parametrize(
    ("miner", "name"),
    [
        (TextLinear(C=0.0), "C"), (TextLinear(least_texts=0), "least_texts"),
        (TextLinear(signs=(3, 2)), "signs"),
        (SortedTermNetwork(terms=0), "terms"), (SortedTermNetwork(width=2.5), "width"),  # type: ignore[arg-type]
        (SortedTermNetwork(alpha=float("nan")), "alpha"),
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_meant_are_refused_by_name(
    miner: TextLinear | SortedTermNetwork, name: str
) -> None:
    with pytest.raises(UsageError, match=f"{name} ="):
        miner.fit(*sample())


def test_rare_words_come_first_and_empty_texts_are_answered() -> None:
    miner, _ = learnt()
    names = [reason.feature for reason in miner.reasons(["the car tyres"], top=4).row(0)]
    assert set(names) <= {"the", "car", "tyres"}
    assert miner.predict_proba(["", None, "!?"]).shape == (3, 2)
    assert miner.reasons([""]).row(0) == []
    assert len(miner.reasons([])) == 0
    with pytest.raises(FeasibilityError, match="words stand in two texts"):
        SortedTermNetwork().fit(["a b", "c d"] * 60, [0, 1] * 60)
    with pytest.raises(UsageError, match="not fitted"):
        SortedTermNetwork().predict(["a"])


STORY = "my mother needs an operation next month and insurance pays only half of the hospital bill"
MOTHER = "妈妈下个月要做手术，医院已经给了估价，保险只付一半，希望银行帮忙"


def test_near_copies_are_found_in_both_languages_whatever_is_masked() -> None:
    texts = [
        STORY, STORY.replace("mother", "father") + " call 91234567",
        "quite another story about a used car for work",
        MOTHER, MOTHER.replace("妈妈", "爸爸"), "", STORY.upper() + " call 81234567",
    ]  # fmt: skip
    found = near_copies(texts)
    pairs = set(zip(found.pairs["one"].to_pylist(), found.pairs["other"].to_pylist(), strict=True))
    assert pairs == {(0, 1), (0, 6), (1, 6), (3, 4)}
    assert found.left_out.tolist() == [5]
    assert min(found.pairs["exact_jaccard"].to_pylist()) >= 0.6
    exact, estimated = found.pairs["exact_jaccard"].to_numpy(), found.pairs["estimated_jaccard"].to_numpy()
    assert np.abs(exact - estimated).max() < 0.2


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=8, max_size=14), min_size=2, max_size=12))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_every_pair_reported_has_the_likeness_it_says(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    found = near_copies(texts, alike=0.5, least=3)
    for row in found.pairs.to_pylist():
        a, b = shingles(texts[row["one"]]), shingles(texts[row["other"]])
        assert row["exact_jaccard"] == len(a & b) / len(a | b) >= 0.5
    alike = {
        (i, j)
        for j in range(len(texts)) for i in range(j)
        if min(len(shingles(texts[i])), len(shingles(texts[j]))) >= 3 and texts[i] == texts[j]
    }  # fmt: skip
    reported = set(zip(found.pairs["one"].to_pylist(), found.pairs["other"].to_pylist(), strict=True))
    assert alike <= reported


def test_a_text_handed_in_by_everybody_is_capped_and_said() -> None:
    found = near_copies([STORY] * 30, most=5)
    assert found.pairs.num_rows == 1 + 2 + 3 + 4 + 5 * 25
    assert found.cut_short.tolist() == list(range(6, 30))


def test_copies_before_count_other_parties_and_only_the_past() -> None:
    found = near_copies([STORY, STORY, STORY, STORY])
    before = copies_before(found, [10, 5, 20, 20], ["a", "b", "a", "c"])
    assert before.tolist() == [1, 0, 1, 2]
    with pytest.raises(UsageError, match="likeness"):
        near_copies([], alike=0)
    for wrong in ({"most": 0}, {"least": 0}, {"seed": -1}):
        with pytest.raises(UsageError, match="least is"):
            near_copies([], **wrong)
    with pytest.raises(UsageError, match="one party for each text"):
        copies_before(found, [1, 2], ["a", "b"])
    assert near_copies([]).pairs.num_rows == 0


def tiny_encoder(folder: Path) -> None:
    """A model of two numbers a piece: its own vector, looked up."""
    from onnx import TensorProto, helper, save_model

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "car", "##s", "房", "home"]
    table = np.array([[9, 9], [0, 0], [0, 0], [0, 0], [1, 0], [0.5, 0], [0, 1], [0, 1]], dtype=np.float32)
    node = helper.make_node("Gather", ["table", "input_ids"], ["vectors"])
    used = helper.make_node("Identity", ["attention_mask"], ["seen"])
    ids, seen = (
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"])
        for name in ("input_ids", "attention_mask")
    )
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", "t", 2])
    kept = helper.make_tensor_value_info("seen", TensorProto.INT64, ["n", "t"])
    values = helper.make_tensor("table", TensorProto.FLOAT, table.shape, table.ravel().tolist())
    graph = helper.make_graph([node, used], "tiny", [ids, seen], [vectors, kept], [values])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, str(folder / "model.onnx"))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")


def test_a_local_encoder_cuts_pads_and_averages(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    tiny_encoder(tmp_path)
    encoder = SentenceEncoder(tmp_path, batch=2)
    assert encoder.pieces("Cars") == [2, 4, 5, 3]
    assert encoder.pieces("房 boat") == [2, 6, 1, 3]
    vectors = encoder.encode(["cars", "a home home 房 car", "home"])
    assert vectors[0] == pytest.approx([1.0, 0.0])
    assert vectors[1] == pytest.approx([1 / np.sqrt(10), 3 / np.sqrt(10)])
    assert encoder.encode(["home"])[0] == pytest.approx(vectors[2])
    assert len(encoder.pieces("car " * 5_000)) == 128
    assert encoder.encode([]).shape == (0, 0)


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"model\.onnx"):
        SentenceEncoder(tmp_path)
