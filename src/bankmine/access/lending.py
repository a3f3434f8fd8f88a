"""Applications answered while somebody waits: the published run's model, the bank's policy, what is known.

What a request says goes first (product, amount, term, income, and any feature of the model by name); what it
does not say of a known customer comes from the newest kept snapshot; the rest is missing, as the model has
met it in training. Ratios of what is asked are worked out from the request. Nothing of it enters learning
data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
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
from bankmine.lifecycle.standing import Standing
from bankmine.mining.arithmetic import log_odds, logistic
from bankmine.tasks.contract import Floats, Ints

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
    `rate` the yearly price of an approval; `missing` the asked fields that were not given; `known_as_of` the
    day whose snapshot told what is known of the customer, None where nothing did.
    """

    probability: float
    outcome: str
    reason: str
    row: str
    limit_minor: tuple[int, int] | None
    rate: float | None
    missing: tuple[str, ...]
    known_as_of: str | None
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
    standing: Standing
    decider: Decider
    customers: Any
    as_of: str | None

    def assess(self, requests: Sequence[tuple[int | None, Mapping[str, Any]]]) -> list[Assessment]:
        """The answers of several applications at once, each a customer's token (None: a stranger) and its
        fields. UsageError for a field there is not or a value that cannot stand in it."""
        chances, rows, known = self._chances(requests)
        return [
            self._answer(float(chance), row, asked, there)
            for chance, row, there, (_, asked) in zip(chances, rows, known, requests, strict=True)
        ]

    def of_scored(
        self, token: int | None, chance: float, stated: Mapping[str, Any], changed: Mapping[str, Any]
    ) -> Assessment:
        """The answer to an application that the run scored, or to changed terms of it.

        As stated its chance is the run's own, which knew all of it at its instant; changed terms move it by
        as much, in log-odds, as they move the model over what is known now.
        """
        chances, rows, known = self._chances([(token, stated), (token, changed)])
        was, now = log_odds(chances)
        moved = 0.0 if dict(stated) == dict(changed) else float(now - was)
        then = float(logistic(log_odds(np.array([chance])) + moved)[0])
        return self._answer(then, rows[1], changed, known[1])

    def together(self, waiting: Sequence[Asking]) -> list[dict[str, Any]]:
        """The same as plain values, for requests that wait together."""
        return [asdict(one) for one in self.assess([(one.token, one.asked) for one in waiting])]

    def _answer(
        self, chance: float, row: Mapping[str, Any], asked: Mapping[str, Any], known: bool
    ) -> Assessment:
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
            known_as_of=self.as_of if known else None,
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

    @property
    def schema(self) -> Any:
        """The columns that may be asked with, in the types the model was fitted on."""
        return self.standing.table.schema

    def _chances(
        self, requests: Sequence[tuple[int | None, Mapping[str, Any]]]
    ) -> tuple[Floats, list[dict[str, Any]], list[bool]]:
        """The model's chance for each request, the features that the policy may look at, and whether the
        customer is known."""
        import pyarrow as pa

        given = [self.check(asked) for _, asked in requests]
        names = [*NAMED.values(), *RATIOS]
        names += sorted({name for one in given for name in one}.difference(names))
        kinds = [self.schema.field(name) for name in names]
        arrays = [pa.array([one.get(kind.name) for one in given], kind.type) for kind in kinds]
        changed = derived(pa.Table.from_arrays(arrays, schema=pa.schema(kinds)), RATIOS)
        tokens = [-1 if token is None else token for token, _ in requests]
        rows = np.searchsorted(self.customers, tokens)
        there = rows < len(self.customers)
        there[there] = self.customers[rows[there]] == np.array(tokens)[there]
        rows = np.where(there, rows, self.standing.table.num_rows - 1)
        return self._moved(rows, given, changed), self._known(rows, changed), there.tolist()

    def _known(self, rows: Ints, changed: Any) -> list[dict[str, Any]]:
        """What the policy looks at: as asked, else as it is known."""
        fields = [one.name for one in self.decider.policy.fields]
        silent = [one for one in fields if one in self.schema.names and one not in changed.column_names]
        said: list[dict[str, Any]] = changed.to_pylist()
        if not silent:
            return said
        known = self.standing.table.select(silent).take(rows).to_pylist()
        return [{**one, **other} for one, other in zip(known, said, strict=True)]

    def _moved(self, rows: Ints, given: Sequence[Mapping[str, Any]], changed: Any) -> Floats:
        """The chances; a feature that some requests give and others leave as it is known goes alone."""
        own = frozenset([*NAMED.values(), *RATIOS])
        sets = [frozenset(one) - own for one in given]
        said = np.empty(len(given))
        for asked in dict.fromkeys(sets):
            here = [place for place, one in enumerate(sets) if one == asked]
            columns = [name for name in changed.column_names if name in own or name in asked]
            part = changed.select(columns)
            part = part if len(here) == len(given) else part.take(here)
            said[here] = self.standing.probability(rows[here], part)
        return said


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
        ("lender", state.name, str(run.folder), policy_file(view)), lambda: _made(view, run)
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


def policy_file(view: View) -> Path:
    """Where the policy in force lies: the bank's own, or the one that comes along."""
    own = view.state.bank.config.credit_policy
    return SHIPPED if own is None else view.state.bank.folder / own


def _made(view: View, run: Run) -> Lender:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = folder_of(run, None)
    model = load_model(folder / "model")
    schema = pq.read_schema(folder / "whole.parquet")
    plans = model.preparation.plans_
    read = [plan.name for plan in plans if plan.name in schema.names]
    names = tuple(dict.fromkeys([*read, *NAMED.values(), *RATIOS]))
    fields = [schema.field(name) if name in schema.names else _asked(name) for name in names]
    snapshots = kept_snapshots(view.state.bank.snapshots_folder)
    kept = [one for one in snapshots if one.cutoff <= view.state.cutoff]
    table, customers = _standing(kept[-1] if kept else None, pa.schema(fields))
    as_of = None
    if kept:
        day = int(view.state.warehouse.zone.day_of(np.array([kept[-1].cutoff], np.int64))[0])
        as_of = (date(1970, 1, 1) + timedelta(days=day)).isoformat()
    policy = read_policy(policy_file(view))
    return Lender(run, Standing(model, table), Decider(policy), customers, as_of)


def _standing(snapshot: Snapshot | None, schema: Any) -> tuple[Any, Any]:
    """The snapshot's columns that the model reads, in its types, the others without values and a last row
    of nobody; and the snapshot's customers, sorted."""
    import pyarrow as pa

    if snapshot is None:
        return _nothing(schema, 1), np.zeros(0, np.int64)
    found = snapshot.read([name for name in schema.names if name in snapshot.names])
    columns = [
        found.column(one.name).cast(one.type)
        if one.name in found.column_names
        else pa.chunked_array([pa.nulls(found.num_rows, one.type)])
        for one in schema
    ]
    table = pa.Table.from_arrays(columns, schema=schema)
    return pa.concat_tables([table, _nothing(schema, 1)]), found.column("customer_id").to_numpy()


def _asked(name: str) -> Any:
    """A column that a request may name though the model does not read it; the policy may."""
    import pyarrow as pa

    text = name in (NAMED["product"], NAMED["channel"])
    return pa.field(name, pa.string() if text else pa.float64() if name in RATIOS else pa.int64())


def _nothing(schema: Any, rows: int) -> Any:
    import pyarrow as pa

    return pa.Table.from_arrays([pa.nulls(rows, one.type) for one in schema], schema=schema)


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
