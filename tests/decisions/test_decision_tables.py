"""Tables decide alike for one and by columns, and a check finds every gap, overlap and dead row."""

import json
import math
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import slow_policy
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_policies import FIELDS, as_table, everybody, policies, shipped

from bankmine.decisions.credit_policy.checking import check
from bankmine.decisions.credit_policy.conditions import Condition, Field, parse_condition, span_words
from bankmine.decisions.credit_policy.deciding import Decided, Decider, turned
from bankmine.decisions.credit_policy.policy import Policy, Row
from bankmine.decisions.credit_policy.reading import read_policy
from bankmine.errors import BankmineError, ConfigurationError, UsageError

PEOPLE = everybody()
TABLE = as_table(PEOPLE)


@given(policies())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_one_applicant_and_columns_decide_as_the_slow_reading_does(policy: Policy) -> None:
    decider = Decider(policy)
    by_columns = [Decided(**row) for row in decider.decide_all(TABLE).to_pylist()]
    for person, found in zip(PEOPLE, by_columns, strict=True):
        assert found == decider.decide(person) == slow_policy.decide(policy, person)


@given(policies())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_every_fault_is_shown_by_its_witness_and_none_is_missed(policy: Policy) -> None:
    decider = Decider(policy)
    found = check(decider)
    for fault in found.faults:
        assert fault.line().startswith(fault.kind)
        said, held = slow_policy.decide(policy, fault.witness), decider.rows_of(fault.witness)
        if fault.kind == "gap":
            assert said.reason == "no_row"
        elif fault.kind == "overlap":
            assert set(fault.rows) <= set(held)
        else:
            assert fault.rows[0] in held
            assert said.row in fault.rows[1:]
    valid = [one for one in PEOPLE if all(slow_policy.allowed(f, one[f.name]) for f in FIELDS)]
    decided = [slow_policy.decide(policy, one) for one in valid]  # every cell has one of these
    assert any(one.reason == "no_row" for one in decided) == any(f.kind == "gap" for f in found.faults)
    if policy.hit == "unique":
        several = any(one.reason == "several_rows" for one in decided)
        assert several == any(f.kind == "overlap" for f in found.faults)
    else:
        dead = {row.name for row in policy.rows} - {one.row for one in decided}
        assert dead == {f.rows[0] for f in found.faults if f.kind == "unreachable"}


@given(policies())
@settings(max_examples=40, derandomize=True, deadline=None)
def test_a_policy_read_back_from_its_canonical_form_is_the_same(policy: Policy) -> None:
    again = Policy.from_json(policy.to_json())
    assert again == policy
    assert again.version == policy.version


def test_more_than_sixty_four_rows_decide_by_columns_as_one_by_one() -> None:
    field = Field("x", "whole", 0.0, 200.0)
    rows = tuple(
        Row(str(n), {"x": parse_condition(field, f"= {n}", where="row")}, "approve", str(n))
        for n in range(150)
    )
    for hit in ("first", "unique"):
        decider = Decider(Policy("long", hit, (field,), rows))
        values = list(range(201))
        found = decider.decide_all(pa.table({"x": values})).column("row").to_pylist()
        assert found == [decider.decide({"x": value}).row for value in values]
        assert found[:3] == ["0", "1", "2"]
        assert found[149:152] == ["149", "", ""]


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(
    st.just(n), st.lists(st.integers(0, 2**n - 1), max_size=40))))  # fmt: skip
@settings(max_examples=60, derandomize=True, deadline=None)
def test_bits_are_turned_as_one_by_one(drawn: tuple[int, list[int]]) -> None:
    count, masks = drawn
    slow = [sum((mask >> cell & 1) << row for row, mask in enumerate(masks)) for cell in range(count)]
    assert list(turned(masks, count)) == slow


def test_three_thousand_rows_are_made_ready_in_seconds() -> None:
    fields = (Field("x", "number", 0.0, 1.0), Field("y", "number", 0.0, 1.0))
    draw = np.random.default_rng(3).uniform(0, 0.8, (3_000, 2)).tolist()
    rows = tuple(
        Row(str(n), {"x": Condition(((x, x + 0.2),)), "y": Condition(((y, y + 0.2),))}, "approve", "ok")
        for n, (x, y) in enumerate(draw)
    )
    began = time.process_time()
    policy = Policy("long", "first", fields, rows)
    decider = Decider(policy)
    assert time.process_time() - began < 5.0
    for x, y in draw[:20]:
        assert decider.decide({"x": x, "y": y}) == slow_policy.decide(policy, {"x": x, "y": y})


def test_closedness_is_kept_to_the_last_bit() -> None:
    field = Field("p", "number", 0.0, 1.0)
    below = parse_condition(field, "[0, 0.03)", where="row")
    assert below.holds(field, math.nextafter(0.03, 0))
    assert not below.holds(field, 0.03)
    upper = parse_condition(field, "(3%, 1]", where="row")
    assert upper.holds(field, math.nextafter(0.03, 1))
    assert not upper.holds(field, 0.03)
    assert span_words(field, *below.spans[0]) == "[0, 0.03)"
    assert span_words(field, *upper.spans[0]) == "(0.03, 1]"


def test_the_gap_between_two_open_ends_is_one_number() -> None:
    field = Field("p", "number", 0.0, 1.0)
    rows = [parse_condition(field, text, where="row") for text in ("< 0.5", "> 0.5")]
    policy = Policy(
        "two", "first", (field,), tuple(Row(f"r{i}", {"p": c}, "approve", "") for i, c in enumerate(rows))
    )
    (fault,) = check(Decider(policy)).faults
    assert (fault.kind, fault.where, fault.witness) == ("gap", "p = 0.5", {"p": 0.5})


def test_the_shipped_policy_is_whole_and_named_by_what_it_says(tmp_path: Path) -> None:
    policy = shipped()
    assert check(Decider(policy)).good
    text = (
        Path(__file__).parents[2] / "src/bankmine/decisions/credit_policy/tables/personal_loans.toml"
    ).read_text()
    for name, content in (
        ("comment", text + "\n# a comment\n"),
        ("edge", text.replace("[3%, 8%)", "[3%, 8%]")),
    ):
        (tmp_path / f"{name}.toml").write_text(content)
    assert read_policy(tmp_path / "comment.toml").version == policy.version
    moved = read_policy(tmp_path / "edge.toml")
    assert moved.version != policy.version
    assert check(Decider(moved)).good


def test_counts_on_observed_applicants_add_up_and_name_unused_rows() -> None:
    draw = np.random.default_rng(0)
    people = pa.table({
        "probability": draw.beta(1, 20, 5_000), "app_amount": draw.integers(1e5, 1e6, 5_000),
        "app_term_months": draw.integers(6, 60, 5_000),
        "app_instalment_to_income": draw.uniform(0, 0.5, 5_000),
    })  # fmt: skip
    found = check(Decider(shipped()), people)
    assert sum(found.counts.values()) == 5_000
    assert set(found.unused) == {"no-score", "too-dear", "income-unknown"}
    assert any("Decided nobody here" in line for line in found.lines())


def test_rows_of_a_csv_file_are_those_of_toml(tmp_path: Path) -> None:
    head = '[fields.p]\nkind = "number"\nlow = 0\nhigh = 1\n'
    (tmp_path / "a.toml").write_text('name = "one"\ntable = "rows.csv"\n' + head)
    (tmp_path / "rows.csv").write_text(
        "name,p,outcome,reason,limit_low,limit_high,rate\n"
        'a,"[0, 0.5)",approve,ok,100,900,0.08\nb,,decline,no,,,\n'
    )
    (tmp_path / "b.toml").write_text(
        'name = "one"\n' + head + '[[rows]]\nname="a"\nwhen={p="< 50%"}\noutcome="approve"\nreason="ok"\n'
        'limit=[100,900]\nrate=0.08\n[[rows]]\nname="b"\noutcome="decline"\nreason="no"\n'
    )
    assert read_policy(tmp_path / "a.toml") == read_policy(tmp_path / "b.toml")


FIELD = '[fields.p]\nkind="number"\nlow=0\nhigh=1\n'
ROW = '[[rows]]\noutcome="approve"\n'
CHANGED = "{}change={{cost=1}}\n" + ROW
BAD = {
    "no toml": "name = ",
    "unknown word": 'shape="round"\n' + FIELD + ROW,
    "no rows": FIELD,
    "unknown field": FIELD + ROW + 'when={q="< 1"}\n',
    "no condition": FIELD + ROW + 'when={p="small"}\n',
    "backwards": FIELD + ROW + 'when={p="[0.5, 0.2]"}\n',
    "outside": FIELD + ROW + 'when={p="> 1"}\n',
    "never missing": FIELD + ROW + 'when={p="missing"}\n',
    "no outcome": FIELD + '[[rows]]\noutcome="maybe"\n',
    "rate": FIELD + ROW + "rate=-1\n",
    "band": FIELD + ROW + "limit=[9, 1]\n",
    "twice": FIELD + 2 * (ROW + 'name="a"\n'),
    "past fact changed": CHANGED.format('[fields.probability]\nkind="number"\n'),
    "row name empty": FIELD + ROW + 'name=""\n',
    "row named as a fault": FIELD + ROW + 'name="no_row"\n',
    "row named as an invalid field": FIELD + ROW + 'name="invalid_p"\n',
    "when a number": FIELD + ROW + "when=5\n",
    "when a list": FIELD + ROW + 'when=["p"]\n',
    "rows a number": "rows=5\n" + FIELD,
    "rows a table": FIELD + '[rows]\noutcome="approve"\n',
    "table a number": "table=5\n" + FIELD,
    "no such table": 'table="none.csv"\n' + FIELD,
    "levels a number": '[fields.c]\nkind="category"\nlevels=5\n' + ROW,
    "levels a text": '[fields.c]\nkind="category"\nlevels="ABC"\n' + ROW,
    **{
        f"level {word!r}": f'[fields.c]\nkind="category"\nmissing=true\nlevels=["A", "{word}"]\n' + ROW
        for word in ("missing", "any", "others", "-", "", "not A", "A | B", " B")
    },
    "change a number": '[fields.app_amount]\nkind="whole"\nchange=5\n' + ROW,
    "change to levels a number": '[fields.app_product]\nkind="category"\nlevels=["A"]\nchange={levels=5}\n'
    + ROW,
    "limit beyond all money": FIELD + ROW + "limit=99999999999999999999\n",
    "edge beyond all numbers": '[fields.n]\nkind="whole"\n' + ROW + 'when={n="> 1e400"}\n',
    "low beyond all numbers": '[fields.n]\nkind="number"\nlow=inf\n' + ROW,
    "rate in per cent": FIELD + ROW + "rate=8.9\n",
    "protected fact changed": CHANGED.format('[fields.gender]\nkind="category"\nlevels=["f","m"]\n'),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_meant_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(BAD[name])
    with pytest.raises(ConfigurationError) as error:
        read_policy(tmp_path / "bad.toml")
    assert "\n" not in str(error.value)


CSV_FAULTS = {
    "two columns 'p'": "p,p,outcome\n< 0.5,>= 0.5,approve\n",
    "limit_low and no limit_high": "p,outcome,limit_low,limit_high\nany,approve,5000,\n",
    "no limit_high": "p,outcome,limit_low\nany,approve,5000\n",
}


@pytest.mark.parametrize("said", CSV_FAULTS)
def test_a_csv_file_is_not_half_read(said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('table = "rows.csv"\n' + FIELD)
    (tmp_path / "rows.csv").write_text(CSV_FAULTS[said])
    with pytest.raises(ConfigurationError, match=said):
        read_policy(tmp_path / "bad.toml")


def test_no_file_and_applicants_without_a_field_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_policy(tmp_path / "none.toml")
    with pytest.raises(BankmineError, match="no 'probability'"):
        Decider(shipped()).codes(pa.table({"x": [1]}))


def test_a_column_of_the_wrong_kind_is_refused_by_name() -> None:
    for field, column in (
        (Field("x", "number", 0.0, 1.0), pa.array(["a"])),
        (Field("x", "category", levels=("1",)), pa.array([1])),
    ):
        policy = Policy("one", "first", (field,), (Row("all", {}, "approve", ""),))
        with pytest.raises(UsageError, match="x is "):
            Decider(policy).codes(pa.table({"x": column}))


@given(st.sampled_from(["number", "whole", "category"]), st.booleans(), st.booleans(),
       st.sampled_from(["0.5", "1", "true", "A", 1, 0, 0.5, True, False, None]))  # fmt: skip
@settings(max_examples=200, derandomize=True, deadline=None)
def test_a_mistyped_value_is_treated_alike_for_one_and_by_columns(
    kind: str, others: bool, missing: bool, value: object
) -> None:
    levels = ("A", "true") if kind == "category" else ()
    field = Field("x", kind, 0.0, 1.0, levels, others and bool(levels), missing)
    decider = Decider(Policy("one", "first", (field,), (Row("all", {}, "approve", ""),)))

    def one() -> Decided:
        return decider.decide({"x": value})

    def columns() -> Decided:
        return Decided(**decider.decide_all(pa.table({"x": pa.array([value])})).to_pylist()[0])

    answers: list[object] = []
    for ask in (one, columns):
        try:
            answers.append(ask())
        except UsageError:
            answers.append("refused")
    assert answers[0] == answers[1]


def test_an_applicant_is_decided_in_microseconds_and_many_by_columns_in_seconds() -> None:
    decider, person = Decider(shipped()), {"probability": 0.05, "app_amount": 900_000, "app_term_months": 24,
                                           "app_instalment_to_income": 0.2}  # fmt: skip
    began = time.process_time()
    for _ in range(2_000):
        decider.decide(person)
    assert (time.process_time() - began) / 2_000 < 100e-6
    people = pa.table(
        {
            name: pa.array([value]).take(pa.array(np.zeros(200_000, np.int64)))
            for name, value in person.items()
        }
    )
    began = time.process_time()
    decider.decide_all(people)
    assert time.process_time() - began < 2.0


def test_the_canonical_form_is_json_with_finite_numbers() -> None:
    assert "Infinity" not in json.dumps(json.loads(shipped().to_json()), allow_nan=False)
