"""Which columns enter the card, decided again in every resample.

A column picked once may owe it to chance, and bins fitted to noise look like signal on the rows they were
fitted to. So random samples of four fifths of the rows are drawn (stability selection, Meinshausen and
Bühlmann 2010), and in each every row is weighed by bins learnt from the other two thirds of the sample
(cross-fitting) before a regression eliminates columns. A column enters if enough samples chose it. What is
printed is how often each was chosen, and why a column is not in the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.scorecard.binning import Binning, learn
from bankmine.mining.scorecard.columns import Column
from bankmine.mining.scorecard.prebins import Truth
from bankmine.mining.scorecard.regression import Fit, fit
from bankmine.mining.scorecard.rules import BinningRules

SAMPLE, FOLDS = 0.8, 3


class Screened(NamedTuple):
    """One column: its information value, the share of samples that chose it (NaN where none was asked), and
    why it is not in the card (empty where it is)."""

    name: str
    information_value: float
    frequency: float
    why_not: str


@dataclass(frozen=True)
class Selection:
    """How columns are chosen: see `Scorecard`."""

    least_information: float
    most_correlated: float
    least_z: float
    resamples: int
    least_frequency: float
    C: float
    sign: str
    random_state: int


@dataclass(frozen=True)
class Rows:
    """The columns with the label, the rules of each column, and vintages where there are any."""

    columns: Sequence[Column]
    truth: Truth
    rules: Sequence[BinningRules]
    vintages: Any = None

    def learn(self, wanted: Ints | None = None) -> list[Binning]:
        """The binning of every column, on all rows or on some."""
        truth = self.truth if wanted is None else self.truth[wanted]
        vintages = self.vintages if wanted is None or self.vintages is None else self.vintages[wanted]
        return [
            learn(column if wanted is None else column.take(wanted), truth, rules, vintages)
            for column, rules in zip(self.columns, self.rules, strict=True)
        ]


def weights_of(binnings: Sequence[Binning], columns: Sequence[Column]) -> Floats:
    """Weights of evidence of rows, shape (rows, columns)."""
    return np.column_stack(
        [binning.weights[binning.assign(column)] for binning, column in zip(binnings, columns, strict=True)]
    )


def signed_fit(
    weights: Floats, truth: Truth, C: float, sign: str, counts: Floats | None = None
) -> tuple[list[int], Fit]:
    """Positions kept and their fit: no coefficient is negative or zero.

    `sign` "constrain" finds the best fit without negative coefficients; "drop" fits freely and takes the most
    negative column out until none is.
    """
    kept = list(range(weights.shape[1]))
    while kept:
        found = fit(weights[:, kept], truth, C=C, constrained=sign == "constrain", counts=counts)
        bad = np.flatnonzero(found.coefficients <= 0)
        if not len(bad):
            return kept, found
        if sign == "drop":
            bad = bad[[int(found.coefficients[bad].argmin())]]
        kept = [one for place, one in enumerate(kept) if place not in set(bad.tolist())]
    raise FeasibilityError(
        "No column keeps the expected sign in the regression", hint="Give columns that say something."
    )


def choose(
    rows: Rows, how: Selection, asked: str | Sequence[str]
) -> tuple[list[int], list[Binning], list[Screened]]:
    """Positions of the columns for the card, all binnings, and the listing of every column.

    `asked` is "stable" (chosen in enough samples), "all" (whatever passes the screen) or names.
    """
    binnings = rows.learn()
    names = [column.name for column in rows.columns]
    if asked not in ("stable", "all"):
        kept = _named(names, asked)
        why = {i: "not asked for" for i in range(len(names)) if i not in kept}
        flat = [i for i in kept if not _varies(binnings[i])]
        if flat:
            raise FeasibilityError(
                f"Column {names[flat[0]]!r} was asked for and has one bin: it tells nobody apart",
                hint="Leave it out, or loosen its rules of binning.",
            )
        return kept, binnings, _listing(names, binnings, why, None)
    why = _screen(binnings, weights_of(binnings, rows.columns), how)
    kept = [i for i in range(len(names)) if i not in why]
    frequency = None
    if asked == "stable" and kept:
        frequency = _frequencies(rows, how)
        for i in list(kept):
            if frequency[i] < how.least_frequency:
                why[i] = f"chosen in {frequency[i]:.0%} of samples, asked {how.least_frequency:.0%}"
        kept = [i for i in kept if i not in why] or [max(kept, key=lambda i: (float(frequency[i]), -i))]
        why = {i: reason for i, reason in why.items() if i not in kept}
    if not kept:
        best = max((one.information_value for one in binnings), default=0.0)
        raise FeasibilityError(
            f"No column tells bads from goods: the greatest information value is {best:.3f}, "
            f"asked {how.least_information:g}",
            hint="Give other columns, or lower least_information.",
        )
    return kept, binnings, _listing(names, binnings, why, frequency)


def _named(names: Sequence[str], asked: str | Sequence[str]) -> list[int]:
    wanted = [asked] if isinstance(asked, str) else list(asked)
    for name in wanted:
        if name not in names:
            raise UsageError(f"There is no column {name!r} to select", hint=f"Use {', '.join(names)}.")
    return [names.index(name) for name in wanted]


def _varies(binning: Binning) -> bool:
    """Whether rows of training fall into bins of different weight."""
    return len(np.unique(binning.weights[(binning.bads + binning.goods) > 0])) > 1


def _screen(binnings: Sequence[Binning], weights: Floats, how: Selection) -> dict[int, str]:
    """Why columns do not pass: they tell nobody apart, say too little, or repeat a better one."""
    why: dict[int, str] = {}
    passed: list[int] = []
    for i in sorted(range(len(binnings)), key=lambda i: (-binnings[i].information_value, i)):
        value = binnings[i].information_value
        if not _varies(binnings[i]):
            why[i] = "one bin: tells nobody apart"
        elif value < how.least_information:
            why[i] = f"information value {value:.3f}, asked {how.least_information:g}"
        else:
            for other in passed:
                alike = float(np.corrcoef(weights[:, i], weights[:, other])[0, 1])
                if alike > how.most_correlated:
                    why[i] = f"repeats {binnings[other].name!r} (correlation {alike:.2f})"
                    break
            else:
                passed.append(i)
    return why


def _frequencies(rows: Rows, how: Selection) -> Floats:
    """Share of random samples, drawn from both classes alike, in which each column was chosen."""
    draw = np.random.default_rng(how.random_state)
    chosen = np.zeros(len(rows.columns))
    sides = [np.flatnonzero(rows.truth), np.flatnonzero(~rows.truth)]
    for _ in range(how.resamples):
        mixed = [draw.permutation(side)[: int(np.ceil(SAMPLE * len(side)))] for side in sides]
        parts = [np.array_split(side, FOLDS) for side in mixed]
        folds = [np.sort(np.concatenate([side[place] for side in parts])) for place in range(FOLDS)]
        for i in _once(rows, folds, how):
            chosen[i] += 1
    return chosen / how.resamples


def _once(rows: Rows, folds: Sequence[Ints], how: Selection) -> list[int]:
    """Weights of each fold by bins of the others, then screen and backward elimination on all of them."""
    every = np.concatenate(folds)
    weights = np.zeros((len(every), len(rows.columns)))
    at = 0
    for place, fold in enumerate(folds):
        others = np.concatenate([one for other, one in enumerate(folds) if other != place])
        taken = [column.take(fold) for column in rows.columns]
        weights[at : at + len(fold)] = weights_of(rows.learn(others), taken)
        at += len(fold)
    kept = [i for i in range(len(rows.columns)) if weights[:, i].std() > 0]
    truth = rows.truth[every]
    while kept:
        try:
            inside, found = signed_fit(weights[:, kept], truth, how.C, how.sign)
        except FeasibilityError:
            return []
        kept = [kept[i] for i in inside]
        z = found.coefficients / found.errors
        weakest = int(z.argmin())
        if z[weakest] >= how.least_z:
            return kept
        del kept[weakest]
    return kept


def _listing(
    names: Sequence[str], binnings: Sequence[Binning], why: dict[int, str], frequency: Floats | None
) -> list[Screened]:
    found = [
        Screened(
            name,
            binnings[i].information_value,
            float("nan") if frequency is None else float(frequency[i]),
            why.get(i, ""),
        )
        for i, name in enumerate(names)
    ]
    return sorted(found, key=lambda one: -one.information_value)
