"""A study: a task that answers by several questions and analyses instead of one label or one clustering.

A study never fits, tests or writes by itself. The runner hands it a `Work`, whose questions go the whole
honest way of every labelled task (embargo, baselines, intervals, leak tests), and writes what it answers:
blocks of scores, tables, figures. So a study decides what to ask and what follows, never how it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bankmine.tasks.contract import Bank, Decision, Floats, Plan, Task, Tested


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows of scores.parquet that answer one question of the task ("" where it asks only one).

    `rows` has ROW_COLUMNS; `probability` and `reasons` (one list a row) may be absent.
    """

    rows: Any
    decision: Decision
    question: str = ""
    probability: Floats | None = None
    reasons: Any = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A labelled question that was asked: the test, the chosen model's answers for the scored rows.

    `figures` are as in metrics.json of a labelled task; `use` is the candidate that answers (the best
    baseline where no model beats it); `rows`, `probability`, `ranking`, `reasons` and `features` (the
    matrix) have one entry a scored row; `weights` is each feature's share of the answer.
    """

    name: str
    title: str
    figures: Mapping[str, Any]
    use: str
    verdict: str
    split: str
    plan: Plan
    counts: Mapping[str, Any]
    tested: Tested
    rows: Any
    probability: Floats
    ranking: Floats
    decision: Decision
    reasons: Any
    features: Any
    weights: Mapping[str, float]
    model: Mapping[str, Any]
    preparation: str
    tests: Sequence[Mapping[str, Any]]

    def block(self, decision: Decision | None = None) -> Block:
        """Its rows of scores.parquet, with the question's own decision or another."""
        return Block(
            question=self.name, rows=self.rows, decision=decision or self.decision,
            probability=self.probability, reasons=self.reasons,
        )  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A question that the data do not allow, and why."""

    name: str
    title: str
    reason: str


@dataclass(frozen=True)
class Shape:
    """How a page shows a column of a kept table.

    `kind` is text, number, share, money (minor units of the base currency), day or key.
    """

    label: str
    kind: str = "text"
    digits: int | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A table the run keeps as tables/<name>.parquet; the page shows its first rows and the columns named."""

    table: Any
    title: str
    columns: Mapping[str, Shape]
    sentence: str = ""
    shown: int = 20


@dataclass(frozen=True)
class LearntCard:
    """A fitted card of points and the rows it was fitted on: its columns, `customer_id`, `cutoff` (instant)
    and `bad`."""

    miner: Any
    rows: Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a study answers.

    `figures` are plain values that `Task.show` finds again in `about["figures"]`; `use` says what to use
    ("do not use" where nothing may be); `actions` say what to do for each grade of the blocks; `form` is a
    fitted form model (`mining.form`), if strangers can ask; `weights` is each feature's share of an answer
    that no question gave (those of questions are known), adding up to 1; `counts` says how many rows of its
    own list have each grade, where the blocks' sum would count a customer once a question; `evidence` are
    the tables, by name, from which a score that no question gave can be validated (lifecycle.evidence);
    `card` is a card of points with the rows it was fitted on, so that people can change its bins.
    """

    blocks: Sequence[Block]
    verdict: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Kept] = field(default_factory=dict)
    use: str = "study"
    actions: Mapping[str, str] = field(default_factory=dict)
    form: Any = None
    weights: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    card: LearntCard | None = None


class Previous(Protocol):
    """The task's newest kept run of an earlier cutoff."""

    @property
    def cutoff(self) -> str:
        """Its cutoff as a civil date."""

    @property
    def cutoff_us(self) -> int:
        """Its cutoff, µs."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """Its figures."""

    @property
    def scores(self) -> Any:
        """Its scores as an Arrow table."""

    def table(self, name: str) -> Any:
        """A table it kept, as Arrow; None where it kept none of that name."""


class Work(Protocol):
    """What a study may ask for while it works; given by the runner."""

    @property
    def bank(self) -> Bank:
        """The bank under the run's settings."""

    def stage(self, name: str) -> None:
        """Tells the progress which part begins."""

    def matrix(self, rows: Any, names: Sequence[str], *, catalogue: Any = None) -> Any:
        """The features `names` of rows (subject_kind, subject_id, customer_id, cutoff), as an Arrow table.

        Made once for equal rows; values are as known at each row's own cutoff.
        """

    def ask(self, question: Task) -> Asked:
        """A labelled question, asked the whole honest way; FeasibilityError where the data are too few."""

    def try_ask(self, question: Task) -> Asked | Refused:
        """The same; what the data do not allow comes back as refused and is shown on the page."""

    def feature_tests(self, rows: Any, names: Sequence[str], *, catalogue: Any = None) -> None:
        """Truncation and future poison for a matrix that no question has tested; LeakError if one fails."""

    def passed(self, test: str, sentence: str) -> None:
        """Notes an honesty test of the study's own learning that passed, and what was seen."""

    def previous(self) -> Previous | None:
        """The task's newest kept run of an earlier cutoff; None for tasks that do not remember."""

    def published(self, task: str) -> Previous | None:
        """The published run of another task named in `Study.reads`, with its figures and tables.

        None where none is published, or it looks at a later cutoff than this run: nothing later is known.
        """


class Study(Task):
    """Base of tasks that answer by several questions and analyses.

    `needs` are checked before `study` is called; a labelled question is any `Task` with a label rule.
    `remembers` says that the answer depends on the newest run of an earlier cutoff (`Work.previous`); `reads`
    names other tasks whose published runs it depends on (`Work.published`): a pass runs those first.
    `learns_beside`: what a study that learns an outcome outside its questions says of the label tests, which
    do not reach it; empty for all others.
    """

    remembers: bool = False
    reads: tuple[str, ...] = ()
    learns_beside: str = ""

    def study(self, work: Work) -> Answer:
        """Asks, computes and answers. FeasibilityError where there is too little data, with the numbers."""
        raise NotImplementedError
