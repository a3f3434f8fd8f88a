"""All kept runs of a task, and two of them side by side: figures, features, settings and data.

A run's figures speak of the whole bank: whoever sees a part reads when runs were made and what to use, no
figure. Runs that look at a later date than the view are not there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.access.permitted import may_read, permission_of
from bankmine.access.runs import RunSeen
from bankmine.errors import Forbidden, NotFound
from bankmine.governance import Permission
from bankmine.lifecycle.run import load_run

if TYPE_CHECKING:
    from pathlib import Path

    from bankmine.access.view import View
    from bankmine.lifecycle.run import Run

NORMAL = 1.959964  # two sides of 5 %


@dataclass(frozen=True)
class Figure:
    """A question's main figure on its test, with its 95 % interval, and that of the best baseline."""

    name: str
    title: str
    metric: str
    value: float
    low: float
    high: float
    error: float | None
    baseline: str
    baseline_value: float | None
    use: str
    rows: int | None
    positives: int | None


@dataclass(frozen=True)
class KeptRun:
    """A run with its figures; `published` says that it is the current one."""

    seen: RunSeen
    published: bool
    figures: tuple[Figure, ...]
    code: str
    manifest: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One question in two runs; `difference` is other less one, with its interval where both have errors.

    The interval takes the two tests for independent: they look at different dates.
    """

    title: str
    metric: str
    one: Figure | None
    other: Figure | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def clear(self) -> bool:
        """Whether chance does not explain it."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Moved:
    """A feature that only one run has, or whose place by weight moved most; places begin at 1."""

    name: str
    sentence: str
    one: int | None
    other: int | None


@dataclass(frozen=True)
class Comparison:
    """Two runs of a task, the earlier one first."""

    one: KeptRun
    other: KeptRun
    changes: tuple[Change, ...]
    gained: tuple[Moved, ...]
    lost: tuple[Moved, ...]
    moved: tuple[Moved, ...]
    settings: tuple[tuple[str, str, str], ...]


MOST_MOVED = 15


def history(view: View, task: str) -> list[KeptRun]:
    """The kept runs of a task that look no later than the view, the latest first.

    Forbidden where the person may read neither the task nor models; NotFound where there is none.
    """
    if not (may_read(view.person, task) or view.person.may(Permission.MODELS_READ)):
        view.person.require(permission_of(task))
    view.run_of(task)
    published = view.state.published.get(task)
    files = _files(view, task)
    runs = [_loaded(view, file) for file in files]
    found = [
        _kept(run, view.everything, published is not None and run.run_id == published.run_id)
        for run in runs
        if run.cutoff_us <= view.cutoff
    ]
    return sorted(found, key=lambda one: (one.seen.cutoff, one.seen.made_at), reverse=True)


def compare(view: View, task: str, one: str, other: str) -> Comparison:
    """Two of them by their ids. Forbidden for whoever sees a part of the bank; NotFound for no such run."""
    if not view.everything:
        raise Forbidden("a run's figures speak of the whole bank", hint="Ask somebody who sees all of it.")
    runs = {run.seen.run_id: run for run in history(view, task)}
    if one == other or one not in runs or other not in runs:
        raise NotFound("there are no two such runs", hint="Choose two different runs of the list.")
    first, second = sorted((runs[one], runs[other]), key=lambda run: (run.seen.cutoff, run.seen.made_at))
    gained, lost, moved = _features(first, second)
    return Comparison(first, second, _changes(first, second), gained, lost, moved, _settings(first, second))


def _files(view: View, task: str) -> list[Path]:
    folder = view.state.bank.results_folder / task
    return sorted(folder.glob("*/metrics.json")) if task.isidentifier() else []


def _loaded(view: View, file: Path) -> Run:
    run: Run = view.place.seen.get(
        ("kept run", str(file), file.stat().st_mtime_ns), lambda: load_run(file.parent)
    )
    return run


def _kept(run: Run, whole: bool, published: bool) -> KeptRun:
    about = run.about
    figures = tuple(_figures(about)) if whole else ()
    return KeptRun(
        RunSeen(run, whole=whole), published, figures, str(about.get("code", "")),
        str(about.get("manifest", "")), about.get("settings", {}) if whole else {},
    )  # fmt: skip


def _figures(about: Mapping[str, Any]) -> list[Figure]:
    found = []
    for one in about["figures"].get("questions", []):
        comparison = one.get("comparison") or {}
        model = comparison.get("model")
        if not model:
            continue
        best = str(one.get("best_baseline", ""))
        baseline = comparison.get("baselines", {}).get(best)
        counts = one.get("counts", {})
        found.append(
            Figure(
                str(one["name"]), str(one["title"]), str(one.get("metric", model.get("metric", ""))),
                float(model["value"]), float(model["low"]), float(model["high"]),
                model.get("standard_error"), best, None if baseline is None else float(baseline["value"]),
                str(one.get("use", "")), counts.get("test_rows"), counts.get("test_positives"),
            )
        )  # fmt: skip
    return found


def _changes(one: KeptRun, other: KeptRun) -> tuple[Change, ...]:
    first, second = ({figure.name: figure for figure in run.figures} for run in (one, other))
    return tuple(_change(first.get(name), second.get(name)) for name in dict.fromkeys([*second, *first]))


def _change(one: Figure | None, other: Figure | None) -> Change:
    known = other or one
    assert known is not None
    if one is None or other is None or one.metric != other.metric:
        return Change(known.title, known.metric, one, other, None, None, None)
    difference = other.value - one.value
    if one.error is None or other.error is None:
        return Change(known.title, known.metric, one, other, difference, None, None)
    reach = NORMAL * math.hypot(one.error, other.error)
    return Change(known.title, known.metric, one, other, difference, difference - reach, difference + reach)


def _features(one: KeptRun, other: KeptRun) -> tuple[tuple[Moved, ...], tuple[Moved, ...], tuple[Moved, ...]]:
    first, second = _places(one), _places(other)
    said = {str(f["name"]): str(f["sentence"]) for run in (one, other) for f in run.seen.features}
    rows = [
        Moved(name, said[name], first.get(name), second.get(name))
        for name in dict.fromkeys([*second, *first])
    ]
    gained = tuple(row for row in rows if row.one is None)
    lost = tuple(row for row in rows if row.other is None)
    both = [row for row in rows if row.one is not None and row.other is not None and row.one != row.other]
    both.sort(key=lambda row: -_distance(row))
    return gained[:MOST_MOVED], lost[:MOST_MOVED], tuple(both[:MOST_MOVED])


def _distance(row: Moved) -> float:
    """How far a feature moved, near the top counting more than far below."""
    assert row.one is not None
    assert row.other is not None
    return abs(math.log(row.one) - math.log(row.other))


def _places(run: KeptRun) -> dict[str, int]:
    """The place of each feature by weight, the heaviest first."""
    ordered = sorted(
        run.seen.features, key=lambda one: (-abs(float(one.get("weight") or 0)), str(one["name"]))
    )
    return {str(one["name"]): place for place, one in enumerate(ordered, 1)}


def _settings(one: KeptRun, other: KeptRun) -> tuple[tuple[str, str, str], ...]:
    """Settings that differ, as they are written."""
    names: Sequence[str] = sorted({*one.settings, *other.settings})
    said = [(name, *(_said(run.settings.get(name)) for run in (one, other))) for name in names]
    return tuple((name, first, second) for name, first, second in said if first != second)


def _said(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
