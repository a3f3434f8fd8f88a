"""A task that combines numbers, text and events goes the same honest way as any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine.config import QUICK
from bankmine.lifecycle.evidence import read_evidence
from bankmine.lifecycle.labelled import ask, load_model
from bankmine.lifecycle.material import NEVER, Material
from bankmine.lifecycle.reasons import reason_words
from bankmine.lifecycle.supervised import candidate_of, fit, tune
from bankmine.lifecycle.validation.sensitive import sensitive
from bankmine.report.content import Table
from bankmine.tasks import combination
from bankmine.tasks.candidates import prior
from bankmine.tasks.contract import Bank, Candidate, Decision, Fold, Plan, Scored, Task, Tested
from bankmine.tasks.study import Asked

pytest.importorskip("jax")
DAY = 86_400_000_000
ROWS = 2_400
PLAN = Plan(
    score=(1_300 * DAY, 1_401 * DAY), sentence="", test=Fold(
        train_from=0, test_from=1_000 * DAY, test_until=1_300 * DAY
    ),
)  # fmt: skip


def material() -> Material:
    """Applications at 1,000 instants: windows, a network known of some, a text, events; and plain noise."""
    draw = np.random.default_rng(0)
    cutoffs = np.sort(draw.integers(400, 1_400, ROWS)) * DAY
    a, b, noise = (draw.normal(size=(ROWS, 2)) for _ in range(3))
    known, needy = draw.random(ROWS) < 0.8, draw.random(ROWS) < 0.3
    count = draw.integers(0, 5, ROWS)
    log_odds = a[:, 0] + b[:, 0] * known + 1.2 * needy + 0.5 * count * known - 3.6
    truth = draw.random(ROWS) < 1 / (1 + np.exp(-log_odds))
    columns = {f"{name}{place}": block[:, place] for name, block in (("a", a), ("b", b), ("n", noise))
               for place in range(2)}  # fmt: skip
    events = [
        [{"when": int(at - (one + 1) * 9 * DAY), "kind": "enquiry", "amount": 1.0} for one in range(n)][::-1]
        if there else None for at, n, there in zip(cutoffs, count, known, strict=True)
    ]  # fmt: skip
    words = ["casino debts" if one else "a new roof" for one in needy]
    table = pa.table({**columns, "known": known.astype(np.int64), "purpose": words, "events": events})
    units = dict.fromkeys(table.column_names, "") | {"purpose": "text", "events": "sequence"}
    subjects = np.arange(ROWS)
    rows = pa.table(
        {
            "subject_kind": ["application"] * ROWS, "subject_id": subjects, "customer_id": subjects // 2,
            "cutoff": pa.array(cutoffs, pa.timestamp("us", tz="UTC")), "seq": subjects * 0,
            "value_minor": subjects * 0,
        }
    )  # fmt: skip
    known_at = np.where(cutoffs > 1_300 * DAY, NEVER, cutoffs + 100 * DAY)
    return Material(
        rows=rows, features=table.append_column("cutoff", rows.column("cutoff")),
        names=tuple(table.column_names), units=units, sentences={}, truth=truth, known_at=known_at,
    )  # fmt: skip


def a_bank() -> Bank:
    """A bank of which nothing is read but settings."""
    warehouse: Any = SimpleNamespace(currency="EUR")
    return Bank(warehouse=warehouse, cutoff=1_401 * DAY, budget=QUICK, seed=3)


class Combined(Task):
    """Will it go bad? By four parts, of which noise is one."""

    name, title = "combined", "Combined"

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        parts = [
            combination.linear("windows", ("a0", "a1")),
            combination.trees("network", ("b0", "b1"), present="known"),
            combination.text("text", "purpose"),
            combination.events("sequence", "events", bank=bank),
            combination.linear("noise", ("n0", "n1")),
        ]
        return (prior(), *combination.all_ways(bank, parts))

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        names = ("windows", "network", "text", "sequence", "noise")
        return {one.part: vars(one) for one in combination.worth(tested, names)}

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        return Decision(
            value=scored.probability, unit="x", grade=["a"] * len(scored.probability),
            order=-scored.probability, actions={},
        )  # fmt: skip


def asked_in(folder: Path) -> Asked:
    """The question asked, its run written into the folder."""
    return ask(
        Combined(), a_bank(), material(), PLAN, folder, feature_tests=lambda rows: [], stage=lambda name: None
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Asked, Path]:
    """The question, asked once."""
    folder = tmp_path_factory.mktemp("stack")
    return asked_in(folder), folder


def test_the_stack_is_used_and_its_parts_are_worth_what_was_planted(run: tuple[Asked, Path]) -> None:
    asked, _ = run
    assert asked.use == "together"
    worth = asked.figures["task"]
    assert [name for name, one in worth.items() if one["pays"]][:2] == ["windows", "network"]
    assert worth["text"]["gain"] > 0
    assert not worth["noise"]["pays"]
    area = {name: one["metrics"]["auc"]["value"] for name, one in asked.figures["candidates"].items()}
    assert area["together"] > max(area[name] for name in worth) + 0.03
    assert area["prior"] == 0.5


def test_the_honesty_tests_see_the_whole_stack(run: tuple[Asked, Path]) -> None:
    told = {one["name"]: one for one in run[0].tests}
    assert told["permuted labels"]["passed"]
    assert "7 real columns" in told["planted leak"]["sentence"]


def test_the_saved_stack_answers_alike(run: tuple[Asked, Path]) -> None:
    asked, folder = run
    model = load_model(folder / "model")
    again = model.scores(asked.features)[0]
    assert again.tolist() == asked.probability.tolist()
    assert asked.model["stack"]["left_out"] == {}
    assert asked.weights["noise" if "noise" in asked.weights else "n0"] < asked.weights["a0"]


def test_reasons_name_events_and_words_and_read_as_sentences(run: tuple[Asked, Path]) -> None:
    asked, _ = run
    named = [one for row in asked.reasons.to_pylist() for one in row]
    assert any(one["feature"].startswith("purpose=") for one in named)
    about = {"purpose": {"sentence": "What the money is for, as written.", "unit": "text"}}
    one = next(one for one in named if one["feature"] == "purpose=casino")
    said = reason_words(one, about, "EUR", labelled=True)
    assert said == "what the money is for, as written: casino; raises the chance"


def test_what_is_kept_has_no_text_and_can_be_scored_again(run: tuple[Asked, Path]) -> None:
    folder = run[1]
    kept = read_evidence(folder)
    assert not {"purpose", "events"} & set(kept.features)
    assert kept.whole.column("purpose").null_count == kept.whole.num_rows
    chance = load_model(folder / "model").scores(kept.whole)[0]
    assert np.corrcoef(chance, kept.whole.column("probability").to_numpy())[0, 1] > 0.7


def test_the_same_question_gives_the_same_bytes(run: tuple[Asked, Path], tmp_path: Path) -> None:
    asked_in(tmp_path)
    for file in sorted(one for one in tmp_path.rglob("*") if one.is_file()):
        assert file.read_bytes() == (run[1] / file.relative_to(tmp_path)).read_bytes(), file.name


def test_candidates_without_the_part_learn_it_no_second_time() -> None:
    combination._shelf().kept.clear()
    bank, given = a_bank(), material()
    candidates = Combined().candidates(bank, ())
    tuned = [tune(Combined(), bank, given, PLAN, one) for one in candidates if one.name != "prior"]
    assert len(combination._shelf().kept) == 5
    train = given.split(PLAN.test).train if PLAN.test else np.zeros(0, np.int64)
    fit(given, next(one for one in tuned if one.candidate.name == "together"), train, seed=3)
    assert len(combination._shelf().kept) == 5
    assert candidate_of(tuned, "together").out_of_fold


def test_its_sensitivity_is_measured_by_the_stack_itself(run: tuple[Asked, Path]) -> None:
    subject: Any = SimpleNamespace(folder=run[1], evidence=read_evidence(run[1]), use="together")
    table = sensitive(subject).blocks[-1]
    assert isinstance(table, Table)
    moved = {str(row[0]): row[2] for row in table.rows}
    assert set(moved) == {"a0", "a1", "b0", "b1", "n0", "n1", "known"}
    assert float(str(moved["a0"])) > 3 * float(str(moved["n0"]))
