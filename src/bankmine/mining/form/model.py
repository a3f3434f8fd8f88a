"""The model of a form: chances of each outcome from whatever fields are filled in, why, and what to ask next.

A stranger has no transactions and no balance, only the handful of fields of a form, and not all of those. One
calibrated model an outcome is trained on forms with fields masked away (`masking.py`), so that an empty
form is answered by the outcomes' shares and each field filled in sharpens the answer. The worth of each field
still empty is its expected value of information (`asking.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats, Ints, labels
from bankmine.mining.form.asking import Action, Payoff, Question, hypothetical, questions
from bankmine.mining.form.fields import Field, encode, field_document, field_of, learn_fields, places
from bankmine.mining.form.learning import FEWEST, HeldOut, OutcomeModel, Truth, folds_of, learn_outcome
from bankmine.mining.form.masking import masked_copies

MOST_ROWS, COPIES, SAMPLE = 8_000, 3, 500
USUAL = "usual"  # in `about`: the outcome that is named whatever is filled in
UNPROVED = "the usual outcome is named: the form is not proved to choose better"
STREAM = 3  # a stream of chance of its own: a caller's data may stem from the same seed
Outcomes = Sequence[str] | Mapping[str, Any]


class FormReason(NamedTuple):
    """A field that was filled in and what it moved the best outcome's log-odds."""

    field: str
    value: str
    contribution: float


@dataclass(frozen=True)
class FormAnswer:
    """What a form says.

    `probability` of each outcome (adding up to 1 where they exclude each other); `best` the outcome to act
    on; `profit` the expected profit of each action; `reasons` the filled fields, strongest first; `ask_next`
    the empty fields by falling worth, in `unit`; `information` the bits each tells; `notes` say which
    answers were not taken as given.
    """

    probability: dict[str, float]
    best: str
    profit: dict[str, float]
    reasons: list[FormReason]
    ask_next: list[Question]
    unit: str
    information: dict[str, float]
    notes: list[str] = field(default_factory=list)

    @property
    def best_action(self) -> str:
        """The action of the highest expected profit; "" where doing nothing is better."""
        if not self.profit:
            return ""
        best = max(self.profit, key=lambda name: self.profit[name])
        return best if self.profit[best] > 0 else ""


@dataclass(frozen=True)
class FormModel:
    """A fitted form; make one with `FormModel.fit`. `sample` holds kept forms as grid places, −1 not known.

    `held_out` says, right after fitting, how the models answered forms they had not seen; it is not saved.
    """

    fields: tuple[Field, ...]
    models: dict[str, OutcomeModel]
    exclusive: bool
    actions: tuple[Action, ...]
    unit: str
    sample: Ints
    left_out: dict[str, str]
    about: dict[str, Any]
    held_out: dict[str, HeldOut] = field(default_factory=dict, compare=False)

    @classmethod
    def fit(
        cls,
        fields: pa.Table,
        outcomes: Outcomes,
        *,
        actions: Sequence[Action] = (),
        unit: str = "",
        questions: Mapping[str, str] | None = None,
        groups: Ints | None = None,
        about: Mapping[str, Any] | None = None,
        most_rows: int = MOST_ROWS,
        random_state: int = 0,
    ) -> Self:
        """Learns from forms (an Arrow table of texts, numbers, booleans; nulls are empty fields).

        `outcomes`: one class a row (they exclude each other), or booleans by outcome (they do not).
        `actions` give the worth of a question in money of `unit`; without, it is in bits. `questions` are the
        fields in words; `groups` keeps rows of one subject together when models are checked; beyond
        `most_rows` a seeded part of the rows is used. UsageError for lengths that differ; FeasibilityError
        where no field varies or every outcome has fewer than 40 rows on either side.
        """
        if fields.num_rows == 0:
            raise FeasibilityError("there is no form to learn from", hint="Give forms with their outcomes.")
        truths = _truths(outcomes, fields.num_rows)
        _check_actions(actions, truths)
        kept = _thinned(fields.num_rows, most_rows, random_state)
        table = fields.take(pa.array(kept))
        learnt, left_out = learn_fields(table, questions or {})
        if not learnt:
            raise FeasibilityError(
                "no field of the form varies", hint="Give fields with at least two answers."
            )
        truths = {name: truth[kept] for name, truth in truths.items()}
        _require(truths)
        codes = encode(learnt, table)
        whose_group = np.arange(len(kept)) if groups is None else np.asarray(groups)[kept]
        models, held = _models(learnt, codes, truths, whose_group, random_state)
        sample = places(learnt, codes[_thinned(len(codes), SAMPLE, random_state + 1)])
        exclusive = not isinstance(outcomes, Mapping)
        return cls(
            tuple(learnt), models, exclusive, tuple(actions), unit if actions else "bits", sample, left_out,
            {"forms": len(kept), **dict(about or {})}, held,
        )  # fmt: skip

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes by name."""
        return tuple(self.models)

    def probabilities(self, fields: pa.Table) -> Floats:
        """Chances of many forms, shape (forms, outcomes)."""
        return self._chances(encode(self.fields, fields))

    def contributions(self, fields: pa.Table, outcome: str) -> tuple[Floats, Floats]:
        """What each field of many forms moved an outcome's log-odds, and the coded answers.

        Both have shape (forms, fields); a field not known moved nothing and is NaN among the answers.
        """
        codes = encode(self.fields, fields)
        moved = self.models[outcome].contributions(self.fields, codes)
        return np.where(np.isnan(codes), 0.0, moved), codes

    def expected_profit(self, probability: Floats) -> Floats:
        """Expected profit of each action, shape (forms, actions)."""
        return Payoff.of(self.actions, self.outcomes).expected(probability)

    def answer(self, given: Mapping[str, Any]) -> FormAnswer:
        """What one form says; fields not given, None or empty are not known.

        An answer never seen in training counts as the pooled rest or as not known, and a number outside what
        was seen as the nearest seen; `notes` says so. UsageError for a field the form does not have, a text
        where a number belongs, and a number outside the field's sensible range.
        """
        codes, notes = self._code(given)
        forms, spans = hypothetical(self.fields, codes)
        chances = self._chances(forms)
        payoff = Payoff.of(self.actions, self.outcomes) if self.actions else None
        asked, bits = questions(
            self.fields, codes, self.sample, chances, spans, payoff, exclusive=self.exclusive
        )
        profit = payoff.expected(chances[:1])[0].tolist() if payoff else []
        named = {action.name: value for action, value in zip(self.actions, profit, strict=True)}
        probability = dict(zip(self.outcomes, chances[0].tolist(), strict=True))
        best = _best(probability, named)
        usual = self.about.get(USUAL)
        if usual is not None:
            best, notes = str(usual), [*notes, UNPROVED]
        return FormAnswer(probability, best, named, self._reasons(best, codes), asked, self.unit, bits, notes)

    def falling_back(self, usual: str) -> Self:
        """The form that names the `usual` outcome whatever is filled in, and says so in the notes.

        For one that is not proved better. Chances stay the model's. UsageError for an outcome it has not.
        """
        if usual not in self.models:
            raise UsageError(f"the form has no outcome {usual!r}", hint=f"It has {', '.join(self.outcomes)}.")
        return replace(self, about={**self.about, USUAL: usual})

    def to_json(self) -> dict[str, Any]:
        """The whole form as strict JSON values."""
        return {
            "fields": [field_document(one) for one in self.fields],
            "models": {name: model.to_json() for name, model in self.models.items()},
            "exclusive": self.exclusive,
            "actions": [
                {"name": one.name, "profit": dict(one.profit), "cost": one.cost} for one in self.actions
            ],
            "unit": self.unit,
            "sample": self.sample.tolist(),
            "left_out": self.left_out,
            "about": self.about,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`; UsageError for a file that is damaged."""
        try:
            fields = tuple(field_of(one) for one in content["fields"])
            models = {name: OutcomeModel.from_json(one) for name, one in content["models"].items()}
            actions = tuple(
                Action(one["name"], one["profit"], float(one["cost"])) for one in content["actions"]
            )
            sample = np.asarray(content["sample"], dtype=np.int64).reshape(-1, len(fields))
            return cls(
                fields, models, bool(content["exclusive"]), actions, str(content["unit"]), sample,
                dict(content["left_out"]), dict(content["about"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UsageError(
                "the form's file is damaged or was changed by hand", hint="Run the task again."
            ) from None

    def _code(self, given: Mapping[str, Any]) -> tuple[Floats, list[str]]:
        if not isinstance(given, Mapping):
            raise UsageError("a form's answers were not given by field", hint="Give {field: answer}.")
        known = {one.name for one in self.fields} | set(self.left_out)
        for name in given:
            if name not in known:
                fields = ", ".join(one.name for one in self.fields)
                raise UsageError(f"the form has no field {name!r}", hint=f"It has {fields}.")
        found = [one.code(given.get(one.name)) for one in self.fields]
        notes = [note for _, note in found if note]
        notes += [
            f"{name}: says nothing here ({why})"
            for name, why in self.left_out.items()
            if given.get(name) not in (None, "")
        ]
        return np.array([code for code, _ in found]), notes

    def _chances(self, codes: Floats) -> Floats:
        columns = [model.probability(self.fields, codes) for model in self.models.values()]
        chances = np.column_stack(columns)
        return chances / chances.sum(axis=1, keepdims=True) if self.exclusive else chances

    def _reasons(self, outcome: str, codes: Floats) -> list[FormReason]:
        moved = self.models[outcome].contributions(self.fields, codes[None, :])[0]
        told = [place for place in np.flatnonzero(~np.isnan(codes)).tolist() if moved[place] != 0]
        told.sort(key=lambda place: (-abs(moved[place]), place))
        return [FormReason(self.fields[i].name, self.fields[i].show(codes[i]), float(moved[i])) for i in told]


def _models(
    fields: Sequence[Field], codes: Floats, truths: Mapping[str, Truth], groups: Ints, random_state: int
) -> tuple[dict[str, OutcomeModel], dict[str, HeldOut]]:
    partial, whose = masked_copies(codes, COPIES, random_state=random_state)
    fold = folds_of(groups, random_state=random_state)[whose]
    known = np.asarray((~np.isnan(partial)).sum(axis=1), dtype=np.int64)
    models, held = {}, {}
    for name, truth in truths.items():
        own = truth[whose]
        models[name], said = learn_outcome(fields, partial, own, whose, fold, random_state=random_state)
        held[name] = HeldOut(own, said, known, whose)
    return models, held


def _truths(outcomes: Outcomes, rows: int) -> dict[str, Truth]:
    """Booleans by outcome, in order of name for classes."""
    if isinstance(outcomes, Mapping):
        given = {name: np.asarray(truth) for name, truth in outcomes.items()}
        fits = all(truth.shape == (rows,) for truth in given.values())
        found = {name: labels(truth, rows) for name, truth in given.items()} if fits else {}
    else:
        if any(one is None or one != one for one in outcomes):
            raise UsageError("some forms have no outcome", hint="Leave them out, or give each its class.")
        classes = np.asarray(outcomes, dtype=np.str_)
        found = {str(name): classes == name for name in np.unique(classes)}
    if not found or any(truth.shape != (rows,) for truth in found.values()):
        raise UsageError(
            f"the outcomes do not fit the {rows} forms",
            hint="Give one class, or one boolean an outcome, for each.",
        )
    return found


def _check_actions(actions: Sequence[Action], outcomes: Mapping[str, Truth]) -> None:
    """UsageError for an action that brings something by an outcome the forms do not have."""
    for action in actions:
        for name in action.profit:
            if name not in outcomes:
                raise UsageError(
                    f"the action {action.name} names an unknown outcome {name!r}",
                    hint=f"The outcomes are {', '.join(outcomes)}.",
                )


def _require(truths: Mapping[str, Truth]) -> None:
    most = max(int(min(truth.sum(), (~truth).sum())) for truth in truths.values())
    if most < FEWEST:
        raise FeasibilityError(
            f"no outcome of the form has {FEWEST} forms on either side (the best has {most})",
            hint="Give more forms, or fewer outcomes.",
        )


def _thinned(rows: int, most: int, random_state: int) -> Ints:
    """All rows, or a seeded part of them, ascending."""
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    chosen = np.random.default_rng([random_state, STREAM]).permutation(rows)[:most]
    return np.sort(chosen).astype(np.int64)


def _best(probability: Mapping[str, float], profit: Mapping[str, float]) -> str:
    """The outcome whose own action brings most, where each has an action of its name; else the likeliest."""
    priced = {name: profit[name] for name in probability if name in profit}
    ranked = priced if len(priced) == len(probability) else probability
    return max(ranked, key=lambda name: ranked[name])
