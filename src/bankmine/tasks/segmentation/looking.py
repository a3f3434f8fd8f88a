"""One look at the bank at a cutoff: who is looked at, their features, and segments fitted on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.themes.consumption import Living
from bankmine.errors import FeasibilityError
from bankmine.mining.clustering.adaptive import AdaptiveKMeans
from bankmine.tasks.contract import Bank, Floats, Goal, Ints, Truth
from bankmine.tasks.population import coverage, rows_at
from bankmine.tasks.segmentation.living import (
    FOLDER,
    NEEDS,
    StyleFeatures,
    catalogue_of,
    learn,
    span_of,
    style_features,
)
from bankmine.tasks.segmentation.model import KIND, SegmentModel, is_clear, is_company
from bankmine.tasks.segmentation.portraits import banking_features
from bankmine.tasks.segmentation.style import Style, fit_style
from bankmine.tasks.sql import micros, statement
from bankmine.tasks.study import Work

LEAST_CLEAR = 100
LEAST_COMPANIES = 20


@dataclass(frozen=True)
class Seen:
    """Customers at one cutoff, ascending by id, with their features; `clear` persons are fitted on."""

    bank: Bank
    rows: Any
    features: Any
    wanted: StyleFeatures
    banking: tuple[str, ...]
    months: int
    living: Living
    firms: Truth
    clear: Truth

    @property
    def customers(self) -> Ints:
        """Their ids."""
        return np.asarray(self.rows.column("customer_id").to_numpy(), dtype=np.int64)

    @property
    def money(self) -> Floats:
        """What each moved in the window, minor units."""
        return np.asarray(self.rows.column("value_minor").to_numpy(), dtype=np.float64)

    @property
    def names(self) -> tuple[str, ...]:
        """All features asked for."""
        return names_of(self.wanted, self.banking)


def look(work: Work, cutoffs: Sequence[int]) -> dict[int, Seen]:
    """Everybody with a transaction in the window before each cutoff, as known then; one matrix for all."""
    bank, months = work.bank, span_of(work.bank)[1]
    can = set(CATALOGUE.available(bank.warehouse, as_of=bank.cutoff).names)
    wanted, kind = style_features(bank, can), (KIND,) if KIND in can else ()
    banking = (*banking_features(can, months), *kind)
    rows = population(bank, cutoffs, months)
    features = work.matrix(rows, names_of(wanted, banking), catalogue=catalogue_of(bank))
    at = micros(rows.column("cutoff"))
    found = {}
    for cutoff in cutoffs:
        here = np.flatnonzero(at == cutoff)
        one = Seen(
            bank=bank if cutoff == bank.cutoff else replace(bank, cutoff=cutoff), rows=rows.take(here),
            features=features.take(here), wanted=wanted, banking=banking, months=months, living=learn(bank),
            firms=np.zeros(len(here), np.bool_), clear=np.zeros(len(here), np.bool_),
        )  # fmt: skip
        found[cutoff] = _told_apart(one)
    return found


def _told_apart(seen: Seen) -> Seen:
    """The look with its firms, which stand apart where there are enough of both kinds, and clear persons."""
    has_kind = KIND in seen.banking
    firms = is_company(seen.features) if has_kind else np.zeros(seen.rows.num_rows, np.bool_)
    firms = firms & bool(firms.sum() >= LEAST_COMPANIES and (~firms).sum() >= LEAST_CLEAR)
    clear = _clear(seen.features, seen.wanted, seen.months, firms)
    return replace(seen, firms=firms, clear=clear)


def names_of(wanted: StyleFeatures, banking: Sequence[str]) -> tuple[str, ...]:
    """The features of a look, each once."""
    return tuple(dict.fromkeys([*wanted.names, *banking]))


def population(bank: Bank, cutoffs: Sequence[int], months: int) -> Any:
    """Customers with a transaction in the window before each cutoff; value: the money they moved."""
    kind, before = str(bank.settings.get("customer_kind", "any")), bank.warehouse.zone.months_before
    return rows_at(
        bank, cutoffs, statement(FOLDER, "population"),
        lambda at: {"since": before(at, months), "kind": kind}, note="population",
    )  # fmt: skip


def check(bank: Bank, goal: Goal) -> None:
    """FeasibilityError where the data before the cutoff are too short."""
    start, _ = coverage(bank.warehouse, NEEDS)
    show, days = bank.warehouse.zone.show, goal.feasibility.history_days
    if bank.warehouse.zone.days_before(bank.cutoff, days) < start:
        raise FeasibilityError(
            f"segmentation found {round((bank.cutoff - start) / DAY)} days of data before the cutoff "
            f"{show(bank.cutoff)}: they begin at {show(start)}",
            hint=f"It needs at least {days} days of transactions before the cutoff.",
        )


def check_subjects(rows: Any, goal: Goal) -> None:
    """FeasibilityError where there are too few customers."""
    if rows.num_rows < goal.feasibility.subjects:
        raise FeasibilityError(
            f"segmentation found {rows.num_rows} customers at the cutoff",
            hint=f"It needs at least {goal.feasibility.subjects} for its figures to mean anything.",
        )


def fitted(seen: Seen, style: Style, miner: AdaptiveKMeans) -> SegmentModel:
    """The model of a look, with its labels as ids and no names yet."""
    companies = bool(seen.firms.any())
    count = len(miner.sizes_) + companies
    return SegmentModel(
        style=style, miner=miner, wanted=seen.wanted, living=seen.living, months=seen.months,
        companies=companies,
        ids=tuple(range(count)), names=("",) * count,
    )  # fmt: skip


def fit_alike(seen: Seen, clusters: int, seed: int) -> SegmentModel:
    """As many segments as a later look has, fitted on this look alone."""
    style = fit_style(seen.features, seen.wanted, seen.clear)
    values = style.transform(seen.features)[seen.clear]
    miner = AdaptiveKMeans(clusters, random_state=seed).fit(values, names=style.columns)
    return fitted(seen, style, miner)


def _clear(features: Any, wanted: StyleFeatures, months: int, firms: Truth) -> Truth:
    """Persons of whom enough is known; everybody but firms where those are too few."""
    clear = is_clear(features, wanted, months) & ~firms
    return clear if clear.sum() >= LEAST_CLEAR else ~firms
