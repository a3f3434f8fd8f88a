"""What the register keeps for those who validate its chance of default within a year.

The same tables as of a labelled question: every test row with what came true, the chance and the rank by each
list; samples of development, test and now with the inputs that weigh most; and, as the two hazards read
states and signals together, what moving each input does to the chance, worked out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.evaluation.sensitivity import Moved, sensitivity
from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.early_warning.judge import PAST_DUE, REGISTER, YEAR, Tested
from bankmine.tasks.early_warning.likelihood import STATES, Likelihood, columns, flagged, landmarks
from bankmine.tasks.early_warning.watch import Watch
from bankmine.tasks.sql import instants

MOST_TESTED, MOST_ROWS, MOST_INPUTS, MOST_MOVED = 200_000, 2_000, 30, 500
TITLE = "default within 12 months"
NO_YEAR = "no test look lies a year before the cutoff with borrowers who defaulted and who did not"


def evidence_of(test: Tested, then: Likelihood, now: Likelihood) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables by name, and what the run's figures say of them; without tables where nothing was tested."""
    watched, looks = test.watched, test.mature(YEAR)
    who, look = np.nonzero(watched.looked_at[:, looks])
    look = look + looks.start
    count = len(np.unique(who))
    who, look = _few(watched, who, look, MOST_TESTED)
    truth = watched.days[who, look] < YEAR
    if truth.all() or not truth.any():
        return {}, {"not_validated": NO_YEAR}
    late = np.nan_to_num(watched.panel.measures["days_past_due"][who, look], nan=-1.0)
    tested = _rows(watched, who, look) | {"came_true": truth, "probability": test.chance[who, look, -1]}
    for name, ranking in ((REGISTER, tested["probability"]), (PAST_DUE, late)):
        tested[f"rank:{name}"] = np.unique(ranking, return_inverse=True)[1].astype(np.int32)
    last = len(watched.panel.cutoffs) - 1
    here = np.flatnonzero(watched.looked_at[:, last])
    names = _heaviest(now, watched, *_few(watched, here, np.full(len(here), last), MOST_ROWS))
    tables = {
        "tested": tested,
        "inputs": _inputs(test, then, now, names),
        "moved": _moved(watched, now, names),
    }
    drawn = "" if len(np.unique(who)) == count else f", of {count:,} borrowers drawn by a hash"
    said = {
        "use": REGISTER, "best_baseline": PAST_DUE, "title": TITLE,
        "candidates": {REGISTER: {"tuning": []}, PAST_DUE: {"tuning": []}},
        "split": f"learnt on the looks before the test, tested on those after it whose year is over{drawn}",
    }  # fmt: skip
    return {name: _arrow(one) for name, one in tables.items()}, {"validated": said}


def _inputs(test: Tested, then: Likelihood, now: Likelihood, names: list[str]) -> dict[str, Any]:
    """Development (each borrower's newest landmark), test and now; now also by the hazard that was tested."""
    watched, looks = test.watched, test.mature(YEAR)
    last = len(watched.panel.cutoffs) - 1
    learnt, at = landmarks(watched, test.first_look)
    newest = np.flatnonzero(np.diff(learnt, append=-1) != 0)
    tested, seen = np.nonzero(watched.looked_at[:, looks])
    here = np.flatnonzero(watched.looked_at[:, last])
    parts = []
    for part, model, who, look in (
        ("development", then, learnt[newest], at[newest]), ("test", then, tested, seen + looks.start),
        ("now", now, here, np.full(len(here), last)),
    ):  # fmt: skip
        who, look = _few(watched, who, look, MOST_ROWS)
        chance = model.chances(watched, who, look)[:, -1]
        again = then.chances(watched, who, look)[:, -1] if part == "now" else np.full(len(who), np.nan)
        values = columns(watched, who, look)
        parts.append(
            _rows(watched, who, look)
            | {"part": np.full(len(who), part, dtype=object), "probability": chance, "as_tested": again}
            | {name: values[:, now.names.index(name)] for name in names}
        )
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}


def _heaviest(model: Likelihood, watched: Watch, who: Ints, look: Ints) -> list[str]:
    """The inputs that move the log-odds most, on average over the borrowers of now."""
    weight = np.abs(model.parts(watched, who, look)).mean(axis=0)
    return [model.names[place] for place in np.argsort(-weight, kind="stable")[:MOST_INPUTS]]


def _moved(watched: Watch, model: Likelihood, names: list[str]) -> dict[str, Any]:
    """Each input moved alone; a signal is on or off as its moved value says."""
    last = len(watched.panel.cutoffs) - 1
    here = np.flatnonzero(watched.looked_at[:, last])
    who, look = _few(watched, here, np.full(len(here), last), MOST_MOVED)
    values, flags = columns(watched, who, look), flagged(watched, who, look)

    def score(name: str, moved: Any) -> Floats:
        place = model.names.index(name)
        every, on = values.copy(), flags.copy()
        every[:, place] = moved
        signal = place - len(STATES)
        on[:, place] = (
            moved if signal < 0 else np.nan_to_num(moved, nan=-np.inf) >= watched.signals[signal].limit
        )
        return model.of(every, on)[:, -1]

    inputs = {name: values[:, model.names.index(name)] for name in names}
    found = sensitivity(inputs, score)
    kept: dict[str, Any] = {field: [getattr(one, field) for one in found] for field in Moved._fields}
    return kept | {"rows": [len(who)] * len(found)}


def _rows(watched: Watch, who: Ints, look: Ints) -> dict[str, Any]:
    customers = np.asarray(watched.panel.customers[who], dtype=np.int64)
    cutoffs = np.asarray(watched.panel.cutoffs, dtype=np.int64)[look]
    return {"subject_id": customers, "customer_id": customers, "cutoff": cutoffs}


def _few(watched: Watch, who: Ints, look: Ints, most: int) -> tuple[Ints, Ints]:
    """At most so many of the rows, whole borrowers by a hash, so that no look is left out."""
    if len(who) <= most:
        return who, look
    drawn = splitmix64(np.asarray(watched.panel.customers[who], dtype=np.int64))
    kept = drawn < np.sort(drawn)[most]
    return who[kept], look[kept]


def _arrow(found: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    return pa.table({
        name: instants(one) if name == "cutoff" else pa.array(one, from_pandas=name == "as_tested")
        for name, one in found.items()
    })  # fmt: skip
