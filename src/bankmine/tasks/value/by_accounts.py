"""The study where the bank has balances and rates: from the ledger to blocks, tables and figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.errors import CutoffError, FeasibilityError
from bankmine.tasks.contract import Bank, Decision, Floats, Ints, exponent_of
from bankmine.tasks.flags import FLAGS, flagged_actions, flagged_grades, with_flags
from bankmine.tasks.population import coverage
from bankmine.tasks.study import Answer, Block, Kept, Shape, Work
from bankmine.tasks.value import said
from bankmine.tasks.value.accounts import Accounts, Look, foreseen, realised
from bankmine.tasks.value.concentration import curve, first, moves, top_of
from bankmine.tasks.value.forward import (
    bias,
    bias_interval,
    items_off,
    judged,
    largest,
    list_found,
    rank_correlation,
)
from bankmine.tasks.value.ledger import COMPONENTS, MONTHS, WORDS, Ledger
from bankmine.tasks.value.lifetime import LEVEL, SURELY, grades
from bankmine.tasks.value.past import Past, year_cutoffs
from bankmine.tasks.value.reconcile import reconciled
from bankmine.tasks.value.settings import Settings

if TYPE_CHECKING:
    from bankmine.tasks.value.task import Value

ACTIONS = {
    "surely top": "Name an adviser, solve complaints first, ask for the reasons before anything is cut.",
    "maybe top": "Look at what would make the difference: salary, savings held elsewhere, a loan paid back.",
    "rest": "Serve well at the cost of the app; look again at the next run.",
    "golden to be": "Get to know now: likelier than not to be among the most profitable within a year.",
}
SOLD_TO = tuple(one for one in ACTIONS if one != "rest")
ACTIONS |= flagged_actions(SOLD_TO)
_STALE_DAYS = 62


def study(work: Work, settings: Settings, task: Value) -> Answer:
    """Profit, lifetime value, concentration, and the back-test of a year ago."""
    bank = work.bank
    start = _check(bank, task)
    accounts = Accounts(work, settings, year_cutoffs(bank, start))
    # The earlier look first: what followed on its chances teaches how a chance wears off.
    before = accounts.look(1) if len(accounts.cutoffs) > 1 else None
    look = accounts.look(0)
    if len(look.customers) < task.goal.feasibility.subjects:
        raise FeasibilityError(
            f"value found {len(look.customers)} customers with an open relation",
            hint=f"It needs at least {task.goal.feasibility.subjects}.",
        )
    work.stage("back-test")
    share = settings.top_share
    ledger = accounts.ledgers[0]
    figures: dict[str, Any] = {
        "basis": "accounts", "horizon_months": settings.horizon_months, "top_share": share,
        "discount_rate": settings.discount_rate,
        "result": _result(bank, accounts, look), "curve": _curve(look.profit),
        "value": _value(look, share), "survival": look.survival.words,
        "growth": asdict(look.growth) | {"levels": look.growth.levels.tolist()},
        "rates": _rates(accounts, settings),
        "moves": _moves(accounts, share), "back_test": _back_test(accounts, before, settings, start),
        "golden": {"customers": int(look.golden(share).sum())},
    }  # fmt: skip
    figures["said"] = said.of_accounts(figures, bank.warehouse.currency)
    use, verdict = said.verdict(figures)
    return Answer(
        blocks=_blocks(bank, look, share), verdict=verdict, figures=figures, use=use, actions=ACTIONS,
        tables=_tables(bank, look, ledger, figures, share),
    )  # fmt: skip


def _check(bank: Bank, task: Value) -> int:
    """The begin of the coverage of bookings and balances; refuses a short or stale history in one line."""
    zone = bank.warehouse.zone
    start, _ = coverage(bank.warehouse, task.needs)
    balances = bank.warehouse.coverage("balance")
    if balances is not None:
        start = max(start, balances[0])
        if zone.days_before(bank.cutoff, _STALE_DAYS) > balances[1]:
            raise CutoffError(
                f"balances are known until {zone.show(balances[1])}, long before {zone.show(bank.cutoff)}",
                hint=f"Give a cutoff up to {zone.show(balances[1])}, or load later balances.",
            )
    if zone.months_before(bank.cutoff, MONTHS) < start:
        raise FeasibilityError(
            f"value found data from {zone.show(start)} to {zone.show(bank.cutoff)}",
            hint="It needs twelve months of bookings and balances before the cutoff.",
        )
    return start


def _result(bank: Bank, accounts: Accounts, look: Look) -> dict[str, Any]:
    """The bank's result by component, this year and the year before, and the proof that it adds up."""
    ledger = accounts.ledgers[0]
    older = accounts.ledgers[1].totals if len(accounts.ledgers) > 1 else {}
    return {
        "components": [
            {"component": name, "words": WORDS[name], "minor": ledger.totals[name],
             "before_minor": older.get(name)}
            for name in COMPONENTS
        ],
        "total_minor": int(ledger.profit.sum()),
        "before_minor": sum(older.values()) if older else None,
        "of_open_minor": int(look.ledger.profit.sum()),
        "open_customers": len(look.customers),
        "customers": len(ledger.customers),
        "reconciliation": reconciled(bank, ledger),
    }  # fmt: skip


def _curve(profit: Floats) -> dict[str, Any]:
    found = curve(profit)
    return {
        "customers": found.customers.tolist(),
        "profit": [None if np.isnan(one) else one for one in found.profit.tolist()],
        "losing": float((profit < 0).mean()),
        "lost_minor": float(profit[profit < 0].sum()),
    }


def _value(look: Look, share: float) -> dict[str, Any]:
    worth = look.worth
    names = grades(worth.top, worth.lifetime, top_share=share)
    return {
        "year_minor": float(worth.year.sum()), "lifetime_minor": float(worth.lifetime.sum()),
        "staying": float(look.survival.chances[:, min(11, look.survival.chances.shape[1] - 1)].mean()),
        "intervals": look.off is not None, "grades": {one: names.count(one) for one in dict.fromkeys(names)},
    }  # fmt: skip


def _moves(accounts: Accounts, share: float) -> list[dict[str, Any]]:
    if len(accounts.cutoffs) < 2:
        return []
    newest = accounts.ledgers[0]
    sides = []
    for place in (0, 1):
        customers = np.asarray(accounts.rows[place].column("customer_id").to_numpy(), dtype=np.int64)
        sides.append((customers, accounts.ledgers[place].of(customers).profit.astype(np.float64)))
    return moves(sides[0], sides[1], lambda who: newest.of(who).profit, share=share)


def _back_test(
    accounts: Accounts, before: Look | None, settings: Settings, start: int
) -> dict[str, Any] | None:
    """The forecast of a year ago against what came; None where no year had taught anything then."""
    if before is None or not before.growth.taught:
        return None
    came, share, told = realised(accounts, before), settings.top_share, foreseen(accounts, before)
    actual = came.sum(axis=1)
    found = judged(
        actual, {name: parts.sum(axis=1) for name, parts in told.items()}, low=before.worth.year_low,
        high=before.worth.year_high, level=LEVEL, seed=accounts.bank.seed,
    )  # fmt: skip
    top_then = top_of(actual, share)
    outside = ~top_of(before.profit, share)
    golden = before.golden(share)
    nearest = np.zeros(len(actual), dtype=np.bool_)
    candidates = np.flatnonzero(outside)
    order = candidates[np.argsort(-before.profit[candidates], kind="stable")]
    nearest[order[: int(golden.sum())]] = True
    sure = before.next_top >= SURELY
    stayed = np.isin(before.customers, accounts.rows[0].column("customer_id").to_numpy())
    months = min(11, before.survival.chances.shape[1] - 1)
    return {
        **found,
        "items": items_off(told, came),
        "largest_ten": largest(actual, 10),
        "earlier": _earlier(accounts, settings, start),
        "cutoff": accounts.bank.warehouse.zone.show(before.cutoff),
        "golden": list_found(golden, top_then, nearest, seed=accounts.bank.seed),
        "golden_everybody": float(top_then[outside].mean()) if outside.any() else 0.0,
        "surely_top": list_found(
            sure, top_then, first(before.profit, int(sure.sum())), seed=accounts.bank.seed
        )
        if not np.isnan(before.next_top).all() else None,
        "staying_foreseen": float(before.survival.chances[:, months].mean()),
        "staying_seen": float(stayed.mean()),
    }  # fmt: skip


def _rates(accounts: Accounts, settings: Settings) -> dict[str, Any]:
    """How the bank's customer rates follow the treasury's, and what that was worth."""
    rule = accounts.prices[0].rule
    return {
        "delay": rule.delay, "change": settings.rate_change,
        "error": None if np.isnan(rule.error) else rule.error,
        "standing": None if np.isnan(rule.standing) else rule.standing,
    }  # fmt: skip


def _earlier(accounts: Accounts, settings: Settings, start: int) -> list[dict[str, Any]]:
    """Further finished years, half a year apart, as far as the history allows; usual rate of leaving."""
    tests: list[tuple[Past, int]] = [(accounts, place) for place in range(2, len(accounts.years))]
    halfway = year_cutoffs(accounts.bank, start, since=6)
    if len(halfway) > 2:
        between = Past(accounts.bank, settings, halfway)
        tests += [(between, place) for place in range(1, len(between.years))]
    return sorted((_one_earlier(*one) for one in tests), key=lambda one: str(one["cutoff"]), reverse=True)


def _one_earlier(past: Past, place: int) -> dict[str, Any]:
    actual, told = past.foreseen_flatly(place)
    total = actual.sum(axis=1)
    return {
        "cutoff": past.bank.warehouse.zone.show(past.cutoffs[place]), "actual_minor": float(total.sum()),
        **{name: bias(parts.sum(axis=1), total) for name, parts in told.items()},
        "interval": bias_interval(told["model at rates"].sum(axis=1), total, seed=past.bank.seed),
        "rank_correlation": rank_correlation(told["model"].sum(axis=1), total),
    }  # fmt: skip


def _blocks(bank: Bank, look: Look, share: float) -> list[Block]:
    """All customers by lifetime value, and the golden ones to be by their chance."""
    worth, order = look.worth, -look.worth.lifetime
    grade = _with_flags(look, grades(worth.top, worth.lifetime, top_share=share))
    reasons = _reasons(bank, look)
    chance = None if np.isnan(worth.top).all() else worth.top
    decision = Decision(
        value=np.round(worth.lifetime), unit="minor units", grade=grade, order=order, actions=ACTIONS,
        summary={"lifetime_minor": float(worth.lifetime.sum())},
    )  # fmt: skip
    blocks = [Block(rows=look.rows, decision=decision, probability=chance, reasons=reasons)]
    golden = np.flatnonzero(look.golden(share))
    if len(golden):
        second = Decision(
            value=np.round(worth.year[golden]), unit="minor units",
            grade=_with_flags(look, ["golden to be"] * len(golden), golden),
            order=-look.next_top[golden], actions=ACTIONS,
        )  # fmt: skip
        blocks.append(
            Block(question="golden to be", rows=look.rows.take(golden), decision=second,
                  probability=look.next_top[golden], reasons=reasons.take(golden))
        )  # fmt: skip
    return blocks


def _with_flags(look: Look, grade: list[str], who: Ints | None = None) -> list[str]:
    """Whoever may not be sold to is counted, and dealt with otherwise."""
    customers = look.customers if who is None else look.customers[who]
    return flagged_grades(grade, look.conditions.flags_of(customers.tolist()), sold_to=SOLD_TO)


def _reasons(bank: Bank, look: Look) -> Any:
    """The three largest parts of each customer's expected profit, in major units of the currency."""
    import pyarrow as pa

    currency = bank.warehouse.currency
    names = [f"expected {WORDS[one].removeprefix('expected ')} in a year, {currency}" for one in COMPONENTS]
    minor = 10 ** exponent_of(currency)
    rows = []
    for parts in np.round(look.expected) / minor:
        best = sorted(range(len(parts)), key=lambda at: (-abs(parts[at]), at))[:3]
        rows.append(
            [
                {"feature": names[at], "value": float(parts[at]), "contribution": float(parts[at]),
                 "event_ids": [], "sentence_key": "value"}
                for at in best
                if parts[at] != 0
            ]
        )  # fmt: skip
    kind = pa.struct(
        [("feature", pa.string()), ("value", pa.float64()), ("contribution", pa.float64()),
         ("event_ids", pa.list_(pa.int64())), ("sentence_key", pa.string())]
    )  # fmt: skip
    return pa.array(rows, pa.list_(kind))


def _tables(bank: Bank, look: Look, ledger: Ledger, figures: dict[str, Any], share: float) -> dict[str, Kept]:
    import pyarrow as pa

    tables = {"customers": _customers(look, share), "moves": _moves_table(figures["moves"])}
    rows = figures["result"]["reconciliation"]["rows"]
    currency = bank.warehouse.currency
    exponent = exponent_of(currency)
    sides = {"customers": "All customers", "bank": "The bank", "difference": "Difference"}
    tables["reconciliation"] = Kept(
        table=pa.Table.from_pylist(
            [row | {one: exact(row[f"{one}_minor"], exponent) for one in sides} for row in rows]
        ), title="Customers and bank, to the cent",
        sentence="All customers together, and the bank's result computed from its books without customers.",
        columns={
            "component": Shape("Item"),
            **{one: Shape(f"{label}, {currency}") for one, label in sides.items()},
        },
    )  # fmt: skip
    golden = np.flatnonzero(look.golden(share))
    golden = golden[np.argsort(-look.next_top[golden], kind="stable")]
    tables["golden"] = Kept(
        table=with_flags(pa.table(
            {
                "customer_id": look.customers[golden], "chance": look.next_top[golden],
                "profit_minor": look.profit[golden], "year_minor": look.worth.year[golden],
                "low_minor": look.worth.year_low[golden], "high_minor": look.worth.year_high[golden],
            }
        ), look.conditions),
        title="Golden customers to be",
        sentence=f"Not among the most profitable {share:.0%} of the past year, and likelier than not among "
        "those of the next; nobody in arrears or with a credit loss within the twelve months.",
        columns={
            "customer_id": Shape("Customer", "key"), "flags": FLAGS,
            "chance": Shape("Chance", "share"),
            "profit_minor": Shape("Past year", "money"),
            "year_minor": Shape("Next year", "money"), "low_minor": Shape("Low", "money"),
            "high_minor": Shape("High", "money"),
        },
    )  # fmt: skip
    return tables


def _customers(look: Look, share: float) -> Kept:
    """Every customer: profit by item, what is foreseen, limits, chance and grade; best first."""
    import pyarrow as pa

    worth, parts = look.worth, look.ledger.parts
    columns: dict[str, Any] = {"customer_id": look.customers}
    columns |= {f"{name.replace(' ', '_')}_minor": parts[:, at] for at, name in enumerate(COMPONENTS)}
    columns |= {
        "profit_minor": look.ledger.profit, "staying": look.survival.chances[:, -1],
        "year_minor": np.round(worth.year), "year_low_minor": _nullable(np.round(worth.year_low)),
        "year_high_minor": _nullable(np.round(worth.year_high)), "lifetime_minor": np.round(worth.lifetime),
        "low_minor": _nullable(np.round(worth.low)), "high_minor": _nullable(np.round(worth.high)),
        "top_chance": _nullable(worth.top),
        "grade": _with_flags(look, grades(worth.top, worth.lifetime, top_share=share)),
    }  # fmt: skip
    order = np.argsort(-worth.lifetime, kind="stable")
    shapes = {
        "customer_id": Shape("Customer", "key"), "flags": FLAGS,
        "profit_minor": Shape("Past year", "money"), "lifetime_minor": Shape("Lifetime", "money"),
        "low_minor": Shape("Low", "money"), "high_minor": Shape("High", "money"),
        "top_chance": Shape("Top", "share"), "grade": Shape("Grade"),
    }  # fmt: skip
    return Kept(
        table=with_flags(pa.table(columns).take(order), look.conditions), columns=shapes,
        title="Every customer's profit and value",
        sentence=f"Profit of the past twelve months; lifetime value with its {LEVEL:.0%} limits; the chance "
        "to be in the top share. The items of the profit are in the kept table.",
    )  # fmt: skip


def exact(minor: int, exponent: int) -> str:
    """A whole number of minor units in full: −1,234.56."""
    whole, cents = divmod(abs(minor), 10**exponent)
    return f"{'−' if minor < 0 else ''}{whole:,}" + (f".{cents:0{exponent}d}" if exponent else "")


def _nullable(values: Floats) -> Any:
    """A column whose unknown values are null."""
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))


def _moves_table(rows: list[dict[str, Any]]) -> Kept:
    import pyarrow as pa

    schema = pa.schema(
        [("move", pa.string()), ("customers", pa.int64()), ("before_minor", pa.float64()),
         ("now_minor", pa.float64()), ("change_minor", pa.float64())]
    )  # fmt: skip
    return Kept(
        table=pa.Table.from_pylist(rows, schema=schema), title="Into and out of the top",
        sentence="Profit of the customers of each move in the year before last and in the last year.",
        columns={
            "move": Shape("Move"), "customers": Shape("Customers", "number", 0),
            "before_minor": Shape("Year before", "money"), "now_minor": Shape("Last year", "money"),
            "change_minor": Shape("Change", "money"),
        },
    )  # fmt: skip
