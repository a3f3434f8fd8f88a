"""Card fraud: which transactions are fraud, ranked so that a fixed number of cards a day can be checked.

Subject: a card transaction, looked at just before it, knowing what was known then. The label is an
investigation's verdict, a week late. Protocol of the Fraud Detection Handbook (Le Borgne et al. 2022): train
on one week, leave out the week whose verdicts are still open, test on the next, without cards known to be
compromised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks.candidates import boosting, logistic, prior, rule
from bankmine.tasks.card_fraud import features as own
from bankmine.tasks.card_fraud.judge import CHECKED, card_precision, money_found, on_list
from bankmine.tasks.card_fraud.protocol import not_blocked
from bankmine.tasks.contract import (
    ROW_COLUMNS,
    Bank,
    Candidate,
    Decision,
    Feasibility,
    Fold,
    Goal,
    Ints,
    Needs,
    Plan,
    Scored,
    Shown,
    Task,
    Tested,
    Truth,
)
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.population import coverage
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
BLOCK_FROM = 0.9
TERMINAL = "tx_terminal_fraud_share_7d"
TERMINAL_WORDS = "the terminal's share of confirmed fraud in 7 days alone, 7 days late"
DEFINITION = DEFINITIONS["card_fraud"]
ACTIONS = {
    "block": "Decline or block the card and call the customer.",
    "check": "An investigator looks at the card today.",
    "pass": "Let it pass.",
}


class CardFraud(Task):
    """Subject: a card transaction that was not declined."""

    may_be_thinned = False  # precision is counted over all cards of a day
    name = "card_fraud"
    title = "Card fraud"
    sentence = "Which card transactions are fraud, while their verdict is still open"
    needs = Needs(tables=("transaction", "feedback"), usable=("card", "customer"), subject_kind="transaction")
    label_rule = DEFINITION.rule
    metric = "average_precision"
    group_words = "card"
    horizon_words = "the transaction itself"
    settings = MappingProxyType(
        {
            "delay_days": "days until a verdict is known, 7 by default",
            "days": "days that train and days that test, 7 by default",
            "train": "first day and day after the last that train, to check",
            "test": "first day and day after the last that test; the cutoff follows from it",
            "cards_checked_a_day": "how many cards investigators check a day, 100 by default",
        }
    )
    whole_numbers = ("delay_days", "days", "cards_checked_a_day")
    goal = Goal(
        question="Which card transactions are fraud, before the customer or an investigation says so?",
        success="Amount of fraud on the cards that are checked each day.",
        owner="Head of card fraud",
        use="A list of cards for investigators each day; the surest are blocked at once.",
        plan="Train on one week of verdicts, leave the open week out, test on the next one; publish "
        "if better than every rule: amount alone, the terminal's confirmed frauds alone.",
        feasibility=Feasibility(subjects=1_000, positives=50, negatives=1_000, history_days=37),
        adverse=True,
    )

    def default_cutoff(self, settings: Mapping[str, Any], zone: Zone) -> str | None:
        """`cutoff`, or the day on which the verdicts of the last test day of `test` are due."""
        if settings.get("cutoff") is None and "test" in settings:
            end = zone.parse(str(settings["test"][1]))
            return zone.show(zone.days_before(end, -self._delay(settings)))
        return super().default_cutoff(settings, zone)

    def rule(self, bank: Bank) -> LabelRule:
        """Verdicts take `delay_days` of the settings, seven by default."""
        return replace(DEFINITION.rule, delay_days=self._delay(bank.settings))

    def aim(self, bank: Bank) -> Goal:
        """The goal with the number of cards this bank checks a day."""
        cards = f"{self._checked(bank):,} cards a day"
        return replace(
            self.goal,
            success=f"Amount of fraud on the cards that are checked: {cards}.",
            use=f"A list of {cards} for investigators; the surest are blocked at once.",
        )

    def plan(self, bank: Bank) -> Plan:
        """One week trains, the next is open, the third tests; two such pairs before it tune."""
        zone, delay = bank.warehouse.zone, self._delay(bank.settings)
        week = int(bank.settings.get("days", 7))

        def back(days: int) -> int:
            return zone.days_before(bank.cutoff, days)

        test_from, test_until = back(delay + week), back(delay)
        train_from, train_until = back(2 * delay + 2 * week), back(2 * delay + week)
        tuning = tuple(
            Fold(
                train_from=back(3 * delay + 3 * week + shift * week),
                test_from=back(2 * delay + 2 * week + shift * week),
                test_until=back(2 * delay + week + shift * week),
            )
            for shift in (1, 0)
        )
        first = tuning[0].train_from
        self._check_periods(bank, (train_from, train_until), (test_from, test_until))
        self._check_history(bank, first, 3 * delay + 4 * week)
        return Plan(
            score=(test_until, bank.cutoff),
            periods=((first, train_until), (test_from, bank.cutoff)),
            tuning=tuning,
            test=Fold(train_from=train_from, test_from=test_from, test_until=test_until),
            final_from=test_from,
            sentence=(
                f"Transactions from {zone.show(train_from)} train, those from {zone.show(test_from)} to "
                f"{zone.show(test_until)} test; verdicts take {delay} days, so the time between is left out. "
                f"Scored are those from {zone.show(test_until)} on, whose verdicts are open."
            ),
        )

    def _check_periods(self, bank: Bank, train: tuple[int, int], test: tuple[int, int]) -> None:
        """ConfigurationError where `train` of the settings is not what follows from `test`."""
        zone, settings = bank.warehouse.zone, bank.settings
        if "train" not in settings or "test" not in settings:
            return
        wanted_test = tuple(zone.parse(str(one)) for one in settings["test"])
        wanted_train = tuple(zone.parse(str(one)) for one in settings["train"])
        if wanted_test == test and wanted_train != train:
            raise ConfigurationError(
                f"tasks.card_fraud.train is {list(settings['train'])}",
                hint=f"With this test and delay it runs from {zone.show(train[0])} to {zone.show(train[1])}: "
                "as long as the test, and over when the verdicts before the test are known.",
            )

    def _check_history(self, bank: Bank, first: int, reach_days: int) -> None:
        zone, history = bank.warehouse.zone, self.goal.feasibility.history_days
        start, end = coverage(bank.warehouse, self.needs)
        if zone.days_before(first, history) >= start:
            return
        from_ = zone.days_before(start, -(reach_days + history))
        hint = f"It needs {history} days of history before them: " + (
            f"take a cutoff from {zone.show(from_)} on." if from_ <= end else "load a longer period."
        )
        raise FeasibilityError(
            f"card_fraud would look at transactions from {zone.show(first)} on and the data begin at "
            f"{zone.show(start)}",
            hint=hint,
        )

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Card transactions of the periods, in the order (event_time, seq); value: the amount."""
        import pyarrow as pa

        periods = np.array(plan.periods, dtype=np.int64)
        with self._session(bank) as session:
            session.register(
                "periods", pa.table({"since": instants(periods[:, 0]), "until": instants(periods[:, 1])})
            )
            found = session.arrow(statement(FOLDER, "population"))
            bank.note("population", session.statements)
        kind = pa.array(["transaction"]).take(pa.array(np.zeros(found.num_rows, np.int64)))
        columns = {
            "subject_kind": kind,
            "subject_id": found.column("transaction_id"),
            "customer_id": found.column("customer_id"),
            "cutoff": found.column("event_time"),
            "seq": found.column("seq"),
            "value_minor": found.column("base_minor"),
        }
        return pa.table({name: columns[name] for name in ROW_COLUMNS})

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where fraud is confirmed; known when the verdict was, or a week later where there is none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        asked = pa.table({"row_number": np.arange(rows.num_rows), "subject_id": rows.column("subject_id")})
        with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
            session.register("asked_rows", asked)
            found = session.arrow(DEFINITION.sql)
            bank.note("label", session.statements)
        truth = np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
        due = self.rule(bank).known_at(micros(rows.column("cutoff")), bank.warehouse.zone)
        verdict = pc.fill_null(found.column("known_at").cast(pa.int64()), 0).to_numpy()
        return truth, np.where(truth, np.maximum(verdict, micros(rows.column("cutoff"))), due)

    def catalogue(self, bank: Bank) -> Any:
        """The shipped catalogue with the task's own features."""
        return own.catalogue(self._ordinary(bank))

    def features(self, bank: Bank) -> tuple[str, ...]:
        """Amount, time, the card's history and the terminal's verdicts, as far as the bank's tables allow."""
        can = self.catalogue(bank).available(bank.warehouse, as_of=bank.cutoff)
        return own.names(can, ordinary_minor=self._ordinary(bank))

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior, amount alone and the terminal's known frauds alone; logistic regression and boosting."""
        common = {"learning_rate": 0.04, "feature_fraction": 0.4, "n_estimators": 200}
        terminal = (rule(TERMINAL, words=TERMINAL_WORDS, name="terminal rule"),)
        return (
            prior(),
            rule("tx_amount", words="the amount alone", name="amount rule"),
            *(terminal if TERMINAL in features else ()),
            logistic(bank),
            boosting(
                bank,
                settings=(
                    {**common, "num_leaves": 5, "min_data_in_leaf": 20},
                    {**common, "num_leaves": 7, "min_data_in_leaf": 20},
                ),
            ),
        )

    def keep(self, bank: Bank, rows: Any, truth: Truth, fold: Fold) -> Truth:
        """Leaves out transactions of customers already known to be compromised when the day began."""
        import pyarrow as pa

        with self._session(bank) as session:
            found = session.arrow(statement(FOLDER, "compromised"), {"since": fold.train_from})
            bank.note("compromised", session.statements)
        return not_blocked(
            rows.column("customer_id").to_numpy(),
            micros(rows.column("cutoff")),
            compromised=found.column("customer_id").to_numpy(),
            known_at=found.column("known_at").cast(pa.int64()).to_numpy(),
            zone=bank.warehouse.zone,
        )

    def evaluate(self, bank: Bank, tested: Tested) -> dict[str, Any]:
        """Card precision at the number of cards checked a day, and the money on the cards checked."""
        checked, zone = self._checked(bank), bank.warehouse.zone
        return {
            "card_precision": card_precision(tested, zone, checked=checked, seed=bank.seed),
            "money": money_found(tested, zone, checked=checked),
        }

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: chance times amount; the day's surest cards are checked, the near certain blocked.

        Ranked by what to do and then by chance, so that nothing to let pass stands above a card to check.
        """
        amount = np.asarray(scored.column("value_minor"), dtype=np.float64)
        days = bank.warehouse.zone.day_of(micros(scored.rows.column("cutoff")))
        listed = on_list(scored.ranking, days, scored.column("customer_id"), self._checked(bank))
        place = np.where(scored.probability >= BLOCK_FROM, 0, np.where(listed, 1, 2))
        words = list(ACTIONS)
        return Decision(
            value=np.round(scored.probability * amount),
            unit="minor units",
            grade=[words[number] for number in place],
            order=_positions(place, -scored.ranking),
            actions=ACTIONS,
            summary={
                "transactions": len(amount),
                "amount_minor": float(amount.sum()),
                "expected_frauds": float(scored.probability.sum()),
                "expected_loss_minor": float((scored.probability * amount).sum()),
                "by_grade": {word: int((place == number).sum()) for number, word in enumerate(words)},
            },
        )

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.card_fraud.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """Average precision and card precision with intervals, beside every rule."""
        model, base = figures["model"], figures["best_baseline"]
        shown = figures["candidates"][model]["metrics"]["average_precision"]
        rules = ", ".join(
            f"{name} {one['metrics']['average_precision']['value']:.3f}"
            for name, one in figures["candidates"].items()
            if one["baseline"]
        )
        cards = figures["task"]["card_precision"]
        own_cards, best_cards = cards["figures"][model], cards["figures"][base]
        return [
            f"Average precision {shown['value']:.3f} ({shown['low']:.3f}–{shown['high']:.3f}); {rules}.",
            f"Card precision at {cards['checked']} a day {own_cards['value']:.3f} ({own_cards['low']:.3f}–"
            f"{own_cards['high']:.3f}); {base} {best_cards['value']:.3f}, the best possible "
            f"{cards['perfect']:.3f}.",
        ]

    def _delay(self, settings: Mapping[str, Any]) -> int:
        return int(settings.get("delay_days", DEFINITION.rule.delay_days))

    def _session(self, bank: Bank) -> Session:
        return Session(
            bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads
        )

    def _checked(self, bank: Bank) -> int:
        return int(bank.settings.get("cards_checked_a_day", CHECKED))

    def _ordinary(self, bank: Bank) -> int:
        return _ordinary_amount(bank.warehouse, self.plan(bank).tuning[0].train_from)


def _positions(*keys: Any) -> Any:
    """Each row's position when sorted by the first key, then the next."""
    order = np.lexsort(keys[::-1])
    found = np.empty(len(order), dtype=np.float64)
    found[order] = np.arange(len(order))
    return found


@lru_cache(maxsize=8)
def _ordinary_amount(warehouse: Warehouse, before: int) -> int:
    """What 95 of 100 card transactions before the first training day did not exceed, minor units."""
    with Session(warehouse, before, until=before) as session:
        return int(session.scalar(statement(FOLDER, "ordinary"), {"before": before}) or 1)


TASK = CardFraud()
