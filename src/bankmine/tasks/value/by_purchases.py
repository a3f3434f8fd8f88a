"""The study where there are only purchases: models fitted, checked on the end of the history, applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.tasks.contract import Bank, Decision, Floats, exponent_of
from bankmine.tasks.flags import FLAGS, conditions_at, flagged_actions, flagged_grades, with_flags
from bankmine.tasks.population import coverage
from bankmine.tasks.study import Answer, Block, Kept, Shape, Work
from bankmine.tasks.value import buying, said
from bankmine.tasks.value.concentration import curve, first, top_of
from bankmine.tasks.value.forward import judged, list_found
from bankmine.tasks.value.lifetime import LEVEL, SURELY, grades
from bankmine.tasks.value.settings import Settings

if TYPE_CHECKING:
    from bankmine.tasks.value.task import Value

ACTIONS = {
    "surely top": "Thank them first, and never let them wait.",
    "maybe top": "One reason to come back soon may decide it.",
    "rest": "Reach them by the cheapest channel, or not at all.",
}
SOLD_TO = tuple(one for one in ACTIONS if one != "rest")
ACTIONS |= flagged_actions(SOLD_TO)
MONTH_DAYS = 30.4375


def study(work: Work, settings: Settings, task: Value) -> Answer:
    """Fits on everything for the answer, and on the first part of the history for the check."""
    bank = work.bank
    work.stage("purchases")
    start, _ = coverage(bank.warehouse, task.needs)
    bought = buying.read(bank, settings, start)
    work.stage("back-test")
    back_test = _back_test(bought, settings, bank.seed, bank.warehouse.zone)
    work.stage("value")
    fits = buying.fit(bought, settings, seed=bank.seed)
    customers = np.asarray(fits.summary.customers, dtype=np.int64)
    if len(customers) < task.goal.feasibility.subjects:
        raise FeasibilityError(
            f"value found {len(customers)} customers with a purchase",
            hint=f"It needs at least {task.goal.feasibility.subjects}.",
        )
    foreseen = buying.foresee(
        fits, settings, span_days=buying.YEAR_DAYS, months=settings.horizon_months,
        top_share=settings.top_share, seed=bank.seed,
    )  # fmt: skip
    spent = bought.spent(customers, bought.until - buying.YEAR_DAYS, bought.until)
    figures = _figures(fits, foreseen, settings, spent, back_test)
    figures["said"] = said.of_purchases(figures, bank.warehouse.currency)
    use, verdict = said.verdict(figures)
    rows = buying.rows_of(customers, bank.cutoff, spent)
    grade = flagged_grades(
        grades(foreseen.top, foreseen.lifetime, top_share=settings.top_share),
        conditions_at(bank).flags_of(customers.tolist()), sold_to=SOLD_TO,
    )  # fmt: skip
    decision = Decision(
        value=np.round(foreseen.lifetime), unit="minor units", grade=grade, order=-foreseen.lifetime,
        actions=ACTIONS,
    )  # fmt: skip
    reasons = _reasons(fits, exponent_of(bank.warehouse.currency), bank.warehouse.currency, settings)
    return Answer(
        blocks=[Block(rows=rows, decision=decision, probability=foreseen.top, reasons=reasons)],
        verdict=verdict, figures=figures, use=use, actions=ACTIONS,
        tables={
            "customers": _customers(bank, customers, fits, foreseen, spent, grade),
            "models": _models(figures["models"]),
        },
    )  # fmt: skip


def _figures(
    fits: buying.Fits, foreseen: buying.Foreseen, settings: Settings, spent: Floats, back_test: dict[str, Any]
) -> dict[str, Any]:
    found = curve(spent)
    names = grades(foreseen.top, foreseen.lifetime, top_share=settings.top_share)
    return {
        "basis": "purchases", "horizon_months": settings.horizon_months, "top_share": settings.top_share,
        "discount_rate": settings.discount_rate, "margin_share": settings.margin_share,
        "models": _compared(fits), "chosen": fits.chosen, "amounts": fits.amounts_note,
        "amount_parameters": fits.amounts.parameters_ if fits.amounts else None,
        "curve": {
            "customers": found.customers.tolist(),
            "profit": [None if np.isnan(one) else one for one in found.profit.tolist()],
            "losing": 0.0, "lost_minor": 0.0,
        },
        "value": {
            "year_minor": float(foreseen.year.sum()), "lifetime_minor": float(foreseen.lifetime.sum()),
            "alive": float(foreseen.alive.mean()), "customers": len(foreseen.year),
            "past_year_minor": float(spent.sum()), "intervals": True,
            "grades": {one: names.count(one) for one in dict.fromkeys(names)},
        },
        "back_test": back_test,
    }  # fmt: skip


def _back_test(bought: buying.Bought, settings: Settings, seed: int, zone: Any) -> dict[str, Any]:
    """Fitted on the first part of the history, judged on the last: a year, or half of a short history."""
    span = min(buying.YEAR_DAYS, (bought.until - bought.first_day) // 2)
    since = bought.until - span
    past = bought.before(since)
    fits = buying.fit(past, settings, seed=seed)
    customers = np.asarray(fits.summary.customers, dtype=np.int64)
    months = max(1, round(span / MONTH_DAYS))
    foreseen = buying.foresee(
        fits, settings, span_days=float(span), months=months, top_share=settings.top_share, seed=seed
    )
    actual = bought.spent(customers, since, bought.until) * settings.margin_share
    repeated = past.spent(customers, since - span, since) * settings.margin_share
    found = judged(
        actual, {"model": foreseen.year, "rule": repeated}, low=foreseen.year_low, high=foreseen.year_high,
        level=LEVEL, seed=seed,
    )  # fmt: skip
    came = bought.times(customers, since, bought.until)
    top_then = top_of(actual, settings.top_share)
    sure = foreseen.top >= SURELY
    models = _compared(fits)
    for one in models:
        model = fits.models[one["model"]]
        expected = model.expected_purchases(fits.summary.values, span / settings.unit_days)
        one["bias"] = float(expected.sum()) / float(came.sum()) - 1.0 if came.sum() else None
    return {
        **found, "cutoff": zone.show(zone.days_before(bought_cutoff(zone, bought), span)), "days": span,
        "models": models, "chosen": fits.chosen, "amounts": fits.amounts_note,
        "purchases_seen": float(came.sum()), "purchases_foreseen": float(foreseen.purchases.sum()),
        "golden": None,
        "surely_top": list_found(sure, top_then, first(repeated, int(sure.sum())), seed=seed),
    }  # fmt: skip


def bought_cutoff(zone: Any, bought: buying.Bought) -> int:
    """The instant at which the history ends."""
    return int(zone.midnights(np.array([bought.until]))[0])


def _compared(fits: buying.Fits) -> list[dict[str, Any]]:
    """Each model's parameters with intervals, log-likelihood, and what the fit warns of."""
    rows = []
    for name, model in fits.models.items():
        fitted = model.fitted_
        limits = fitted.intervals()
        rows.append(
            {
                "model": name, "log_likelihood": fitted.log_likelihood, "converged": fitted.converged,
                "starts_agreeing": fitted.agreeing, "warnings": list(fitted.warnings),
                "parameters": {
                    key: {"value": value, "low": _finite(limits[key][0]), "high": _finite(limits[key][1])}
                    for key, value in fitted.parameters.items()
                },
            }
        )  # fmt: skip
    return rows


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _reasons(fits: buying.Fits, exponent: int, currency: str, settings: Settings) -> Any:
    """What moves the expected purchases, and the expected amount of one."""
    import pyarrow as pa

    values = fits.summary.values
    found = fits.model.reasons(values, top=2, ahead=buying.YEAR_DAYS / settings.unit_days)
    amounts = fits.expected_amounts() / 10**exponent
    usual = float(amounts.mean())
    weeks = {7: "weeks", 1: "days"}.get(settings.unit_days, f"units of {settings.unit_days} days")
    words = {
        "frequency": "repeat purchases", "recency": f"{weeks} from the first to the last purchase",
        "age": f"{weeks} since the first purchase",
    }  # fmt: skip
    rest = {"event_ids": [], "sentence_key": "value"}
    rows = []
    for place, amount in enumerate(np.round(amounts, 2).tolist()):
        row: list[dict[str, Any]] = [
            {"feature": words[one.feature], "value": one.value, "contribution": one.contribution, **rest}
            for one in found.row(place)
        ]
        what = f"expected amount of a purchase, {currency}"
        row.append({"feature": what, "value": amount, "contribution": round(amount - usual, 2), **rest})
        rows.append(row)
    kind = pa.struct(
        [
            ("feature", pa.string()),
            ("value", pa.float64()),
            ("contribution", pa.float64()),
            ("event_ids", pa.list_(pa.int64())),
            ("sentence_key", pa.string()),
        ]
    )
    return pa.array(rows, pa.list_(kind))


def _customers(
    bank: Bank,
    customers: Any,
    fits: buying.Fits,
    foreseen: buying.Foreseen,
    spent: Floats,
    grade: list[str],
) -> Kept:
    import pyarrow as pa

    values = fits.summary.values
    table = pa.table(
        {
            "customer_id": customers, "repeats": values[:, 0], "recency": values[:, 1], "age": values[:, 2],
            "spent_minor": spent, "alive": foreseen.alive, "purchases": foreseen.purchases,
            "amount_minor": np.round(fits.expected_amounts()), "year_minor": np.round(foreseen.year),
            "year_low_minor": np.round(foreseen.year_low), "year_high_minor": np.round(foreseen.year_high),
            "lifetime_minor": np.round(foreseen.lifetime), "low_minor": np.round(foreseen.low),
            "high_minor": np.round(foreseen.high), "top_chance": foreseen.top, "grade": grade,
        }
    ).take(np.argsort(-foreseen.lifetime, kind="stable"))  # fmt: skip
    return Kept(
        table=with_flags(table, conditions_at(bank)), title="Every customer's purchases and value",
        sentence=f"Purchases expected in a year; value over the horizon, {LEVEL:.0%} limits from simulated "
        "futures; the chance to be in the top share.",
        columns={
            "customer_id": Shape("Customer", "key"), "flags": FLAGS,
            "spent_minor": Shape("Past year", "money"), "alive": Shape("Still here", "share"),
            "purchases": Shape("Purchases", "number", 2), "lifetime_minor": Shape("Lifetime", "money"),
            "low_minor": Shape("Low", "money"), "high_minor": Shape("High", "money"),
            "top_chance": Shape("Top", "share"),
            "grade": Shape("Grade"),
        },
    )  # fmt: skip


def _models(models: list[dict[str, Any]]) -> Kept:
    import pyarrow as pa

    rows = [
        {
            "model": one["model"], "log_likelihood": one["log_likelihood"],
            "parameters": ", ".join(_parameter(name, is_) for name, is_ in one["parameters"].items()),
            "warnings": "; ".join(one["warnings"]),
        }
        for one in models
    ]  # fmt: skip
    return Kept(
        table=pa.Table.from_pylist(rows), title="The purchase models on all purchases",
        sentence="The likeliest without a warning answers; intervals are 95 %, from the Hessian.",
        columns={
            "model": Shape("Model"), "log_likelihood": Shape("Log-likelihood", "number", 2),
            "parameters": Shape("Parameters"), "warnings": Shape("Warnings"),
        },
    )  # fmt: skip


def _parameter(name: str, one: dict[str, float | None]) -> str:
    if one["low"] is None:
        return f"{name} {one['value']:.3g}"
    return f"{name} {one['value']:.3g} ({one['low']:.3g}–{one['high']:.3g})"
