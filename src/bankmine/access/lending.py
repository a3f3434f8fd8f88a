"""Applications answered while somebody waits: the published run's model, the bank's policy, what is known.

What a request says goes first (product, amount, term, income, and any feature of the model by name); what it
does not say of a known customer comes from the newest kept snapshot; the rest is missing, as the model has
met it in training. Ratios of what is asked are worked out from the request. Nothing of it enters learning
data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bankmine.bank.keys import parse_key
from bankmine.customers.snapshot import Snapshot, kept_snapshots
from bankmine.decisions.credit_policy.applicants import folder_of
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.reading import read_policy
from bankmine.decisions.credit_policy.rescoring import derived
from bankmine.errors import FeasibilityError, NotFound, UsageError
from bankmine.governance import Permission
from bankmine.lifecycle.labelled import load_model
from bankmine.mining.arithmetic import log_odds, logistic

if TYPE_CHECKING:
    from bankmine.access.view import View
    from bankmine.lifecycle.run import Run

TASK = "application_score"
NAMED = {
    "product": "app_product", "amount_minor": "app_amount", "term_months": "app_term_months",
    "stated_income_minor": "app_stated_income", "channel": "app_channel",
}  # fmt: skip
"""What a request calls its fields, and the features they are."""

ASKED = ("product", "amount_minor", "term_months", "stated_income_minor")
"""What every application says; without one of them nobody approves, whatever the policy would."""

RATIOS = ("app_instalment", "app_instalment_to_income", "app_amount_to_income")
SHIPPED = Path(__file__).parents[1] / "decisions" / "credit_policy" / "tables" / "credit.toml"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What is said of one application: chance of going bad, the policy's answer and why.

    `outcome` is approve, refer or decline; `row` the policy's row; `limit_minor` the band of amounts and
    `rate` the yearly price of an approval; `missing` the asked fields that were not given.
    """

    probability: float
    outcome: str
    reason: str
    row: str
    limit_minor: tuple[int, int] | None
    rate: float | None
    missing: tuple[str, ...]
    run_id: str
    policy: str


class Asking(Protocol):
    """A request that waits: a customer's token and its fields."""

    @property
    def token(self) -> int | None: ...
    @property
    def asked(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Lender:
    """One published run with its model, the policy, and the customers' newest features in memory."""

    run: Run
    model: Any
    decider: Decider
    schema: Any
    known: Mapping[str, Any]
    customers: Any
    names: tuple[str, ...]

    def assess(self, requests: Sequence[tuple[int | None, Mapping[str, Any]]]) -> list[Assessment]:
        """The answers of several applications at once, each a customer's token (None: a stranger) and its
        fields. UsageError for a field there is not or a value that cannot stand in it."""
        table = self._table(requests)
        probabilities = self.model.miner.probability(self.model.matrix(table).values)
        rows = table.to_pylist()
        return [
            self._answer(float(chance), row, asked)
            for chance, row, (_, asked) in zip(probabilities, rows, requests, strict=True)
        ]

    def of_scored(
        self, token: int | None, chance: float, stated: Mapping[str, Any], changed: Mapping[str, Any]
    ) -> Assessment:
        """The answer to an application that the run scored, or to changed terms of it.

        As stated its chance is the run's own, which knew all of it at its instant; changed terms move it by
        as much, in log-odds, as they move the model over what is known now.
        """
        table = self._table([(token, stated), (token, changed)])
        was, now = log_odds(self.model.miner.probability(self.model.matrix(table).values))
        moved = 0.0 if dict(stated) == dict(changed) else float(now - was)
        then = float(logistic(log_odds(np.array([chance])) + moved)[0])
        return self._answer(then, table.slice(1, 1).to_pylist()[0], changed)

    def together(self, waiting: Sequence[Asking]) -> list[dict[str, Any]]:
        """The same as plain values, for requests that wait together."""
        return [asdict(one) for one in self.assess([(one.token, one.asked) for one in waiting])]

    def _answer(self, chance: float, row: Mapping[str, Any], asked: Mapping[str, Any]) -> Assessment:
        decided = self.decider.decide({**row, "probability": chance})
        missing = tuple(name for name in ASKED if asked.get(name) is None)
        outcome, reason = decided.outcome, decided.reason
        if missing and outcome == "approve":
            outcome, reason = "refer", "fields_missing"
        approved = outcome == "approve" and decided.limit_low is not None
        return Assessment(
            probability=chance,
            outcome=outcome,
            reason=reason,
            row=decided.row,
            limit_minor=(int(decided.limit_low or 0), int(decided.limit_high or 0)) if approved else None,
            rate=decided.rate if outcome == "approve" else None,
            missing=missing,
            run_id=self.run.run_id,
            policy=self.decider.policy.version,
        )

    def check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The features that a request's fields are; UsageError in one line for what cannot be meant."""
        found: dict[str, Any] = {}
        for name, value in asked.items():
            feature = NAMED.get(name, name)
            if feature not in self.schema.names or feature in RATIOS:
                raise UsageError(
                    f"there is no field {name[:40]!r}", hint=f"Give {', '.join(NAMED)}, or a feature's name."
                )
            if value is not None:
                found[feature] = _fitting(name, value, self.schema.field(feature).type)
        return found

    def _table(self, requests: Sequence[tuple[int | None, Mapping[str, Any]]]) -> Any:
        """One row a request with every column the model reads and the ratios of what is asked."""
        import pyarrow as pa

        given = [self.check(asked) for _, asked in requests]
        tokens = [-1 if token is None else token for token, _ in requests]
        places = np.searchsorted(self.customers, tokens)
        places[places == len(self.customers)] = 0
        there = self.customers[places] == tokens if len(self.customers) else np.zeros(len(tokens), bool)
        at = pa.array(places, mask=~there)
        taken = {name: column.take(at) for name, column in self.known.items()} if there.any() else {}
        columns = {}
        for name in self.names:
            kind = self.schema.field(name).type
            base = taken[name].to_pylist() if name in taken else [None] * len(given)
            columns[name] = pa.array([one.get(name, old) for one, old in zip(given, base, strict=True)], kind)
        return derived(pa.table(columns), RATIOS)


def lender_of(view: View) -> Lender:
    """The lender of this state of the bank, to ask; deciding is another right.

    Forbidden without `credit:read` or `credit:decide`; FeasibilityError without a published run of
    application_score.
    """
    if not view.person.may(Permission.CREDIT_DECIDE):
        view.person.require(Permission.CREDIT_READ)
    state = view.state
    run = state.published.get(TASK)
    if run is None:
        raise FeasibilityError("no run of application_score is published", hint="Run the task first.")
    made: Lender = view.place.seen.get(
        ("lender", state.name, str(run.folder), _policy_file(view)), lambda: _made(view, run)
    )
    return made


def token_of_customer(view: View, customer_id: str | None) -> int | None:
    """The customer's token; None for a stranger. NotFound where unknown or out of the scope."""
    if customer_id is None:
        return None
    if not view.knows(customer_id):
        raise NotFound(
            f"there is no customer {customer_id[:40]!r}", hint="Give one within the token's scope, or none."
        )
    return parse_key(customer_id)


def _policy_file(view: View) -> Path:
    own = view.state.bank.config.credit_policy
    return SHIPPED if own is None else view.state.bank.folder / own


def _made(view: View, run: Run) -> Lender:
    import pyarrow.parquet as pq

    folder = folder_of(run, None)
    model = load_model(folder / "model")
    schema = pq.read_schema(folder / "whole.parquet")
    plans = model.preparation.plans_
    names = tuple(dict.fromkeys([*(plan.name for plan in plans), *NAMED.values(), *RATIOS]))
    names = tuple(name for name in names if name in schema.names)
    snapshots = kept_snapshots(view.state.bank.snapshots_folder)
    kept = [one for one in snapshots if one.cutoff <= view.state.cutoff]
    known, customers = _known(kept[-1] if kept else None, names, schema)
    return Lender(run, model, Decider(read_policy(_policy_file(view))), schema, known, customers, names)


def _known(snapshot: Snapshot | None, names: Sequence[str], schema: Any) -> tuple[dict[str, Any], Any]:
    """The snapshot's columns that the model reads, in its types, and its customers, sorted."""
    if snapshot is None:
        return {}, np.zeros(0, np.int64)
    table = snapshot.read([name for name in names if name in snapshot.names])
    columns = {
        name: table.column(name).combine_chunks().cast(schema.field(name).type)
        for name in names
        if name in table.column_names
    }
    return columns, table.column("customer_id").to_numpy()


def _fitting(name: str, value: Any, kind: Any) -> Any:
    import pyarrow as pa

    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    if text and isinstance(value, str) and 0 < len(value) <= 60 and value.isprintable():
        return value
    if pa.types.is_boolean(kind) and isinstance(value, bool):
        return value
    if number and not text:
        return int(value) if pa.types.is_integer(kind) else float(value)
    kinds = "a text" if text else "a number"
    raise UsageError(f"the field {name[:40]} cannot be {str(value)[:40]!r}", hint=f"Give {kinds}.")
