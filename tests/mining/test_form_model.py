"""A form is answered however little of it is filled in, and says which question is worth most."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining import files
from bankmine.mining.form.asking import (
    Action,
    answers_expected,
    expected_gain,
    hypothetical,
    information,
    likeness,
)
from bankmine.mining.form.fields import OTHER, encode, learn_fields
from bankmine.mining.form.masking import masked_copies
from bankmine.mining.form.model import FormModel

ROWS = 3_000


def world(seed: int = 0) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Forms whose band decides nearly all, whose age decides a little, and whose colour decides nothing."""
    draw = np.random.default_rng(seed)
    band = draw.integers(0, 3, ROWS)
    age = draw.uniform(18, 80, ROWS)
    colour = draw.integers(0, 4, ROWS)
    odds = -3.0 + 2.2 * band + 0.03 * (age - 50)
    buys = draw.random(ROWS) < 1 / (1 + np.exp(-odds))
    table = pa.table(
        {
            "band": pa.array(np.array(["low", "middle", "high"])[band], mask=draw.random(ROWS) < 0.1),
            "age": pa.array(age, mask=draw.random(ROWS) < 0.1),
            "colour": pa.array(np.array(["red", "green", "blue", "grey"])[colour]),
        }
    )
    return table, buys, odds


@pytest.fixture(scope="module")
def form() -> FormModel:
    table, buys, _ = world()
    return FormModel.fit(
        table, {"buys": buys}, actions=[Action("offer", {"buys": 100.0}, 40.0)], unit="EUR",
        questions={"band": "Which band?"},
    )  # fmt: skip


def test_an_empty_form_is_answered_by_the_share_of_training(form: FormModel) -> None:
    _, buys, _ = world()
    answer = form.answer({})
    assert answer.probability["buys"] == pytest.approx(buys.mean(), abs=0.03)
    assert answer.reasons == []


def test_each_field_filled_in_sharpens_the_answer(form: FormModel) -> None:
    table, buys, _ = world(1)
    empty = pa.nulls(ROWS, pa.string())
    losses = []
    for keep in ((), ("age",), ("age", "band"), ("age", "band", "colour")):
        partial = pa.table({name: table[name] if name in keep else empty for name in table.column_names})
        p = np.clip(form.probabilities(partial)[:, 0], 1e-9, 1 - 1e-9)
        losses.append(float(-np.where(buys, np.log(p), np.log1p(-p)).mean()))
    assert losses[0] > losses[1] > losses[2]
    assert losses[3] == pytest.approx(losses[2], abs=0.01)


def test_chances_of_partial_forms_are_calibrated(form: FormModel) -> None:
    table, buys, _ = world(2)
    for keep in (("age",), ("band",), ("age", "band")):
        partial = pa.table(
            {n: table[n] if n in keep else pa.nulls(ROWS, pa.string()) for n in table.column_names}
        )
        p = form.probabilities(partial)[:, 0]
        for low, high in ((0.0, 0.33), (0.33, 1.01)):
            inside = (p >= low) & (p < high)
            if inside.sum() > 200:
                assert p[inside].mean() == pytest.approx(buys[inside].mean(), abs=0.05)


def test_the_field_that_decides_is_asked_first_and_the_idle_one_last(form: FormModel) -> None:
    assert [question.field for question in form.answer({}).ask_next] == ["band", "age", "colour"]
    worths = dict(form.answer({}).ask_next)
    assert worths["band"] > 5 * max(worths["colour"], 0.01)


def test_a_question_is_worth_nothing_where_no_answer_changes_what_is_done() -> None:
    table, buys, _ = world()
    free = FormModel.fit(table, {"buys": buys}, actions=[Action("offer", {"buys": 100.0}, 0.0)], unit="EUR")
    answer = free.answer({})
    assert max(question.worth for question in answer.ask_next) < 1e-9
    assert answer.ask_next[0].field == "band"  # ties go to the field that tells most bits


def test_classes_exclude_each_other_and_their_chances_add_up_to_one() -> None:
    table, buys, odds = world()
    kinds = np.where(buys, "buyer", np.where(odds > 0, "maybe", "no"))
    form = FormModel.fit(table, kinds.tolist())
    answer = form.answer({"band": "high", "age": 70})
    assert sum(answer.probability.values()) == pytest.approx(1.0)
    assert (answer.best, answer.unit, answer.profit) == ("buyer", "bits", {})
    assert answer.ask_next[0].worth >= 0


def test_reasons_name_the_filled_fields_strongest_first(form: FormModel) -> None:
    reasons = form.answer({"band": "high", "age": 20}).reasons
    assert [reason.field for reason in reasons] == ["band", "age"]
    assert reasons[0].contribution > 0 > reasons[1].contribution


def test_an_answer_never_seen_counts_as_not_known_and_is_noted(form: FormModel) -> None:
    odd = form.answer({"band": "enormous", "age": 40})
    assert odd.probability == form.answer({"age": 40}).probability
    assert odd.notes == ["band: an answer not seen in training, taken as not known"]


def test_rare_answers_are_pooled_and_a_new_one_joins_them() -> None:
    table = pa.table({"job": ["clerk"] * 500 + ["smith"] * 3 + ["king"] * 4})
    fields, _ = learn_fields(table, {})
    assert fields[0].levels == ("clerk", OTHER)
    assert fields[0].code("astronaut")[0] == 1.0


def test_a_number_outside_what_was_seen_is_the_nearest_seen(form: FormModel) -> None:
    assert form.answer({"age": 119}).probability == form.answer({"age": 80}).probability
    assert "outside what was seen, taken as 79.9" in form.answer({"age": 119}).notes[0]
    with pytest.raises(UsageError, match="no number"):
        form.answer({"age": "old"})


@pytest.mark.parametrize("age", [-5, -0.001, 120.5, 250, 1e300])
def test_an_age_nobody_has_is_refused_with_the_range(form: FormModel, age: float) -> None:
    with pytest.raises(
        UsageError, match=r"age was given .* outside any sensible range. Give a number, 0 to 120"
    ):
        form.answer({"age": age})


def test_a_number_far_outside_training_is_refused_and_one_near_it_taken() -> None:
    table = pa.table({"income": np.linspace(100.0, 200.0, 500), "change": np.linspace(-10.0, 10.0, 500)})
    (income, change), _ = learn_fields(table, {})
    assert income.sensible == (0.0, pytest.approx(500, abs=1))
    assert change.sensible == pytest.approx((-70, 70), abs=1)
    assert income.code(499.0)[0] == income.high
    assert [income.accepts(one) for one in (-1, 0, 501, "much", None)] == [False, True, False, False, True]


def test_an_unknown_field_is_refused_with_the_fields_there_are(form: FormModel) -> None:
    with pytest.raises(UsageError, match=r"no field 'income'.*band, age, colour"):
        form.answer({"income": 3})


def test_a_field_that_says_nothing_is_left_out_and_accepted() -> None:
    table, buys, _ = world()
    table = table.append_column("country", pa.array(["SG"] * ROWS)).append_column("empty", pa.nulls(ROWS))
    form = FormModel.fit(table, {"buys": buys})
    assert form.left_out == {"country": "one answer only in training", "empty": "no answer in training"}
    assert "country: says nothing here" in form.answer({"country": "SG"}).notes[0]


def test_too_little_to_learn_is_refused_with_the_numbers() -> None:
    table, buys, _ = world()
    with pytest.raises(FeasibilityError, match=r"40 forms on either side \(the best has 0\)"):
        FormModel.fit(table, {"buys": np.zeros(ROWS, dtype=bool)})
    with pytest.raises(FeasibilityError, match=r"no field of the form varies"):
        FormModel.fit(pa.table({"a": ["x"] * ROWS}), {"buys": buys})
    with pytest.raises(UsageError, match="do not fit"):
        FormModel.fit(table, {"buys": buys[:10]})


def test_a_rare_outcome_is_answered_by_its_share() -> None:
    table, buys, _ = world()
    rare = np.zeros(ROWS, dtype=bool)
    rare[:12] = True
    form = FormModel.fit(table, {"buys": buys, "rare": rare})
    assert form.models["rare"].kind == "share"
    assert form.answer({"band": "high"}).probability["rare"] == pytest.approx(12 / ROWS)


def test_a_saved_form_answers_the_same_to_the_last_bit(form: FormModel, tmp_path: Path) -> None:
    files.save(form, tmp_path)
    back = files.load(tmp_path)
    for asked in ({}, {"age": 33}, {"band": "low", "age": 61.5, "colour": "blue"}):
        assert back.answer(asked) == form.answer(asked)
    content = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    del content["sample"]
    (tmp_path / "model.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UsageError, match="damaged"):
        files.load(tmp_path)


def test_the_same_forms_give_the_same_model(tmp_path: Path) -> None:
    table, buys, _ = world()
    for name in ("one", "two"):
        files.save(FormModel.fit(table, {"buys": buys}, random_state=3), tmp_path / name)
    files_of = [sorted((tmp_path / name).iterdir()) for name in ("one", "two")]
    assert [file.read_bytes() for file in files_of[0]] == [file.read_bytes() for file in files_of[1]]


def test_an_answer_takes_less_than_five_milliseconds(form: FormModel) -> None:
    form.answer({})
    times = []
    for _ in range(50):
        start = perf_counter()
        form.answer({"age": 40})
        times.append(perf_counter() - start)
    assert float(np.median(times)) < 0.005


def test_masking_keeps_every_number_of_fields_alike_often() -> None:
    codes = np.arange(12_000, dtype=np.float64).reshape(4_000, 3)
    made, whose = masked_copies(codes, 3, random_state=0)
    assert (made[:4_000] == codes).all()
    known = (~np.isnan(made[4_000:])).sum(axis=1)
    assert np.bincount(known, minlength=4) / len(known) == pytest.approx([0.25] * 4, abs=0.02)
    kept = ~np.isnan(made)
    assert (made[kept] == codes[whose][kept]).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.floats(-5, 5), min_size=2, max_size=2), min_size=1, max_size=5),
    st.integers(0, 1_000),
)
def test_the_gain_of_an_answer_equals_enumeration_and_is_never_negative(
    profits: list[list[float]], seed: int
) -> None:
    weight = np.random.default_rng(seed).dirichlet(np.ones(len(profits)))
    with_answer = sum(w * max(0.0, *row) for w, row in zip(weight, profits, strict=True))
    means = [sum(w * row[k] for w, row in zip(weight, profits, strict=True)) for k in range(2)]
    assert expected_gain(np.array(profits), weight) == pytest.approx(
        max(0.0, with_answer - max(0.0, *means)), abs=1e-9
    )


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(1, 5), st.integers(2, 4), st.integers(0, 1_000))
def test_bits_equal_the_mutual_information_of_the_joint_table(answers: int, classes: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    weight, p = draw.dirichlet(np.ones(answers)), draw.dirichlet(np.ones(classes), answers)
    joint = weight[:, None] * p
    both = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    expected = float((joint * np.log2(joint / both)).sum())
    assert information(p, weight, exclusive=True) == pytest.approx(max(0.0, expected), abs=1e-6)


def test_answers_expected_follow_those_who_answered_the_known_fields_alike() -> None:
    draw = np.random.default_rng(0)
    first = draw.integers(0, 2, 400)
    second = np.where(draw.random(400) < 0.95, first, 1 - first)
    words = np.array(["a", "b"])
    fields, _ = learn_fields(pa.table({"first": words[first], "second": words[second]}), {})
    sample = np.column_stack([first, second]).astype(np.int64)
    near = answers_expected(1, 2, likeness(fields, np.array([0.0, np.nan]), sample), sample)
    blind = answers_expected(1, 2, likeness(fields, np.array([np.nan, np.nan]), sample), sample)
    assert near[0] > 0.85
    assert blind[0] == pytest.approx((second == 0).mean(), abs=1e-6)


def test_hypothetical_forms_differ_in_one_empty_field_each(form: FormModel) -> None:
    codes = encode(
        form.fields, pa.table({"band": ["low"], "age": [None], "colour": pa.nulls(1, pa.string())})
    )
    forms, spans = hypothetical(form.fields, codes[0])
    assert np.isnan(forms[0]).tolist() == [False, True, True]
    for place, start, end in spans:
        others = [column for column in range(3) if column != place]
        assert not np.isnan(forms[start:end, place]).any()
        assert np.array_equal(
            forms[start:end][:, others], np.tile(codes[0, others], (end - start, 1)), equal_nan=True
        )


def test_a_yes_or_no_may_be_answered_as_python_says_it() -> None:
    draw = np.random.default_rng(5)
    own = draw.random(400) < 0.5
    table = pa.table({"own": pa.array(own), "age": draw.integers(20, 70, 400)})
    form = FormModel.fit(table, {"buy": own ^ (draw.random(400) < 0.2)})
    yes, no = form.answer({"own": "yes"}).probability, form.answer({"own": "no"}).probability
    assert yes["buy"] > no["buy"]
    for said in (True, "true", 1):
        assert form.answer({"own": said}).probability == yes
    for said in (False, "False", 0):
        assert form.answer({"own": said}).probability == no


def test_a_form_without_an_outcome_is_refused() -> None:
    table = pa.table({"age": np.arange(60)})
    with pytest.raises(UsageError, match="holds values other than 0 and 1"):
        FormModel.fit(table, {"buy": [float("nan"), *[0.0, 1.0] * 29, 0.0]})
    with pytest.raises(UsageError, match="no outcome"):
        FormModel.fit(table, [None, *["a", "b"] * 29, "a"])


def test_what_cannot_be_meant_is_refused_in_one_line() -> None:
    draw = np.random.default_rng(0)
    table = pa.table({"age": draw.integers(18, 80, 600).astype(float)})
    wins = {"wins": draw.random(600) < 0.3}
    with pytest.raises(UsageError, match="unknown outcome 'nope'"):
        FormModel.fit(table, wins, actions=[Action("call", {"nope": 1.0})])
    with pytest.raises(FeasibilityError, match="no form to learn from"):
        FormModel.fit(table.slice(0, 0), {"wins": wins["wins"][:0]})
    form = FormModel.fit(table, wins)
    with pytest.raises(UsageError, match="not given by field"):
        form.answer(None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="something that is no number"):
        form.answer({"age": True})
