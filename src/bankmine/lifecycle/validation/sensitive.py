"""Sensitivity: how far does the score move when one input does, by the very model that scores now?"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError
from bankmine.evaluation.sensitivity import Moved, sensitivity
from bankmine.lifecycle.labelled import load_model
from bankmine.lifecycle.validation.findings import Chapter, Finding, Verdict, not_run
from bankmine.lifecycle.validation.stability import values_of
from bankmine.lifecycle.validation.subject import Subject
from bankmine.report.content import Chart, Column, Kind, Table
from bankmine.report.pictures import Bar, Bars

AREA, LEAST_RANK, SHOWN = "Sensitivity", 0.8, 12


def sensitive(subject: Subject) -> Chapter:
    """Each weighty input moved by a spread, the others left as they are."""
    if subject.evidence.moved is not None:
        return _kept(subject)
    model, whole = load_model(subject.folder / "model"), subject.evidence.whole
    sentence = f"On {whole.num_rows:,} customers scored now, each input moved alone by one spread, both ways."
    before = model.matrix(whole)

    def score(name: str, values: Any) -> Any:
        """The chances with one input's columns of the matrix made anew."""
        if isinstance(before.values, pa.Table):
            place = whole.column_names.index(name)
            again = whole.set_column(place, name, _as(values, whole.column(name).type))
            return model.miner.probability(model.matrix(again).values)
        alone = copy(model.preparation)
        alone.plans_ = [plan for plan in alone.plans_ if plan.name == name]
        moved = pa.table({name: _as(values, whole.column(name).type)})
        matrix = before.values.copy()
        matrix[:, [one == name for one in before.sources]] = alone.transform(moved).values
        return model.miner.probability(matrix)

    try:
        found = sensitivity({name: values_of(whole, name) for name in subject.evidence.features}, score)
    except FeasibilityError as error:
        return Chapter(area=AREA, sentence=sentence, findings=[not_run("One at a time", str(error))])
    if not found:
        why = f"{subject.use} reads no input."
        return Chapter(area=AREA, sentence=sentence, findings=[not_run("One at a time", why)])
    return _chapter(subject, sentence, found)


def _chapter(subject: Subject, sentence: str, found: tuple[Moved, ...]) -> Chapter:
    mean = float(subject.evidence.part("now").column("probability").to_numpy().mean())
    return Chapter(area=AREA, sentence=sentence, findings=[_farthest(found, mean), _order(found)],
                   blocks=[_chart(found), _table(found)])  # fmt: skip


def _kept(subject: Subject) -> Chapter:
    """What moving the inputs did when the run was made."""
    rows = subject.evidence.moved.to_pylist()
    found = tuple(Moved(*(row[name] for name in Moved._fields)) for row in rows)
    sentence = (
        f"On {rows[0]['rows']:,} customers scored now, each input moved alone by one spread, both ways; "
        "worked out when the run was made."
    )
    return _chapter(subject, sentence, found)


def _as(values: Any, kind: Any) -> Any:
    """Moved values in the column's own type; whole numbers are rounded."""
    if pa.types.is_integer(kind):
        return pa.array(np.rint(values), pa.float64(), from_pandas=True).cast(kind)
    if pa.types.is_floating(kind):
        return pa.array(values, pa.float64(), from_pandas=True).cast(kind)
    return pa.array(values.tolist(), kind)


def _farthest(found: tuple[Moved, ...], mean: float) -> Finding:
    first = found[0]
    return Finding(
        test="Largest move by one input", figure=f"{first.mean:.2%} on average",
        interval=f"at most {first.largest:.1%} in one customer", verdict=Verdict.STATED,
        meaning=f"{first.name} moves the chance most; the mean chance is {mean:.2%}.",
    )  # fmt: skip


def _order(found: tuple[Moved, ...]) -> Finding:
    least = min(found, key=lambda one: one.rank_correlation)
    return Finding(
        test="Rank order kept", figure=f"least rank correlation {least.rank_correlation:.3f}",
        threshold=f"at least {LEAST_RANK}",
        verdict=Verdict.MET if least.rank_correlation >= LEAST_RANK else Verdict.WATCH,
        meaning=f"Moving {least.name} changes the order most; below that the list hangs on one input.",
    )  # fmt: skip


def _chart(found: tuple[Moved, ...]) -> Chart:
    bars = [Bar(label=one.name, value=one.mean) for one in found[:SHOWN]]
    return Chart(
        title=f"{found[0].name} moves the chance most",
        subtitle="Mean absolute change of the chance when the input moves by one spread",
        picture=Bars(label=Column(label="Input"), bars=bars,
                     measure=Column(label="Mean change", kind=Kind.SHARE)),
        name="sensitivity",
    )  # fmt: skip


def _table(found: tuple[Moved, ...]) -> Table:
    columns = [
        Column(label="Input"), Column(label="Spread (its own unit)", kind=Kind.NUMBER),
        Column(label="Mean change", kind=Kind.SHARE), Column(label="Largest change", kind=Kind.SHARE),
        Column(label="Rank correlation", kind=Kind.NUMBER, digits=3),
    ]  # fmt: skip
    rows = [[one.name, one.spread, one.mean, one.largest, one.rank_correlation] for one in found]
    return Table(columns=columns, rows=rows, caption="All inputs moved", name="moved", shown=SHOWN)
