"""Everything known of one customer at a cutoff, gathered from the tables and from the runs made by then.

A run counts where its own cutoff is not after the customer's: it knew nothing later. So the same customer
looked at on an earlier day shows the scores, segments and offers that could be known on that day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.customers.conditions import WORDS, Conditions, conditions
from bankmine.customers.matrix import matrix
from bankmine.customers.moments import Moment, moments
from bankmine.customers.peers import Peers
from bankmine.customers.population import customers_at
from bankmine.customers.profile import Profile, profile
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError, UsageError
from bankmine.lifecycle.lists import speaks_of_chances
from bankmine.lifecycle.old_runs import readable
from bankmine.lifecycle.publishing import current
from bankmine.lifecycle.reasons import reason_words
from bankmine.lifecycle.run import Run, load_run
from bankmine.overview.alike import Alike, alike_customers, peers_of

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.folder import BankFolder

PEERS, PAST_MONTHS = 300, 12
DO_NOT_USE = "do not use"
NO_OFFER = "What the segment is offered is not for this customer: the flags forbid it."
BALANCE_MONTHS, MOST_ROWS = 24, 20
CHANGING = (
    "in_sum_1mo", "out_sum_1mo", "transactions_count_1mo", "active_days_count_1mo", "merchants_distinct_1mo",
    "counterparties_distinct_1mo", "cities_distinct_1mo", "balance_mean_1mo", "digital_count_1mo",
)  # fmt: skip
BALANCES = """
WITH months AS (
  SELECT account_id, CAST(date_trunc('month', timezone($zone, event_time)) AS DATE) AS month,
         arg_max(balance_minor, event_time) AS balance_minor
  FROM customer_balance
  WHERE customer_id = $customer AND event_time >= make_timestamptz($since)
  GROUP BY account_id, month
)
SELECT month, CAST(sum(balance_minor) AS BIGINT) AS balance_minor FROM months GROUP BY month ORDER BY month
""".strip()


@dataclass(frozen=True)
class ScoreLine:
    """One score of a run for the customer; `why` are its reasons as sentences, strongest first.

    `before` says what the task said of the customer at the cutoff before; empty where no run is kept.
    """

    task: str
    title: str
    question: str
    cutoff: str
    run_id: str
    value: float | None
    unit: str
    probability: float | None
    grade: str
    rank: int
    of: int
    flags: tuple[str, ...]
    why: tuple[str, ...]
    action: str
    before: str = ""


@dataclass(frozen=True)
class KeptRows:
    """The customer's rows of a table a run kept: offers made and not made, movements, conditions …"""

    task: str
    title: str
    columns: Mapping[str, Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """One figure of the last month against the customer's own past months and against its peers' changes.

    `own` and `peers` are in robust standard deviations; `marked` where both exceed 3.5 in one direction.
    """

    name: str
    sentence: str
    unit: str
    now: float | None
    usual: float | None
    own: float | None
    peers: float | None
    marked: bool


@dataclass(frozen=True)
class Customer360:
    """One customer at a cutoff; `changes` are those of the last month, `currency` that of all money."""

    profile: Profile
    conditions: tuple[str, ...]
    moments: tuple[Moment, ...]
    balances: tuple[tuple[date, int], ...]
    scores: tuple[ScoreLine, ...]
    kept: tuple[KeptRows, ...]
    changes: tuple[Change, ...]
    alike: tuple[Alike, ...]
    statements: tuple[str, ...]
    currency: str = ""

    def lines(self) -> list[str]:
        """All of it as text."""
        from bankmine.overview.customer_lines import lines

        return lines(self)

    def __str__(self) -> str:
        return "\n".join(self.lines())


def customer_360(
    bank: BankFolder,
    customer: int,
    cutoff: int,
    *,
    within: NDArray[np.int64] | None = None,
    known: bool = False,
) -> Customer360:
    """Everything known of a customer at a cutoff (µs); peers and similar customers only from those `within`,
    where given. UsageError where the bank did not know it then; `known` says that this was looked up."""
    warehouse, config = bank.warehouse, bank.config
    if not known:
        require_known(warehouse, customer, cutoff)
    own = profile(
        warehouse, customer, cutoff, within=within, folder=bank.snapshots_folder, catalogue=_catalogue(bank),
        memory=config.memory, threads=config.threads,
    )  # fmt: skip
    flags = conditions(warehouse, cutoff)
    barred = not bool(flags.may_sell([customer])[0])
    runs = runs_by_then(bank.results_folder, cutoff)
    earlier = runs_before(bank.results_folder, runs)
    alike, statements = alike_customers(bank, own.peers, cutoff, _catalogue(bank))
    return Customer360(
        profile=own,
        conditions=tuple(WORDS.get(one, one) for one in flags.of(customer)),
        moments=moments(warehouse, customer, cutoff),
        balances=_balances(bank, customer, cutoff),
        scores=tuple(
            without_offers(line) if barred else line
            for run in runs
            for line in scores_of(run, customer, earlier.get(run.task))
        ),
        kept=tuple(rows for run in runs for rows in _kept(run, customer)),
        changes=_changes(bank, own.peers, cutoff, own.who.get("since")),
        alike=alike,
        statements=(*own.statements, *statements),
        currency=warehouse.currency,
    )


def customer_alone(bank: BankFolder, customer: int, cutoff: int, flags: Conditions) -> Customer360:
    """What speaks of the customer alone: who, holdings, months, moments, balances and conditions.

    Nothing is compared with others and no run is read, so that it answers at once in a bank of any size:
    features, scores, kept rows, changes and similar customers are empty. `flags` are those of the cutoff.
    """
    config = bank.config
    own = profile(
        bank.warehouse, customer, cutoff, names=(), folder=bank.snapshots_folder,
        memory=config.memory, threads=config.threads,
    )  # fmt: skip
    return Customer360(
        profile=own,
        conditions=tuple(WORDS.get(one, one) for one in flags.of(customer)),
        moments=moments(bank.warehouse, customer, cutoff),
        balances=_balances(bank, customer, cutoff),
        scores=(),
        kept=(),
        changes=(),
        alike=(),
        statements=own.statements,
        currency=bank.warehouse.currency,
    )


def require_known(warehouse: Warehouse, customer: int, cutoff: int) -> None:
    """UsageError where the bank did not know the customer at the cutoff, before anything is computed."""
    who, _ = customers_at(warehouse, cutoff)
    if customer not in set(who.column("customer_id").to_pylist()):
        raise UsageError(
            "the bank did not know that customer at the cutoff", hint="Check the pseudonym, or look later."
        )


def _balances(bank: BankFolder, customer: int, cutoff: int) -> tuple[tuple[date, int], ...]:
    """Month and balance at its last known day, over the customer's accounts; empty without balances."""
    warehouse = bank.warehouse
    if not warehouse.has("balance"):
        return ()
    given = {
        "customer": customer, "zone": warehouse.manifest.time_zone,
        "since": warehouse.zone.months_before(cutoff, BALANCE_MONTHS),
    }  # fmt: skip
    with Session(warehouse, cutoff, until=cutoff, memory=bank.config.memory) as session:
        found = session.arrow(BALANCES, given)
    return tuple(zip(found.column(0).to_pylist(), found.column(1).to_pylist(), strict=True))


def runs_by_then(results: Path, cutoff: int) -> list[Run]:
    """Of each task the run to believe at the cutoff: the published one where it looks no later than that,
    else the newest kept one that looks no later. A run that says "do not use" is left out."""
    published = current(results)
    newest = {task: run for task, run in published.items() if run.cutoff_us <= cutoff}
    for file in sorted(results.glob("*/*/metrics.json")):
        run = load_run(file.parent)
        if run.cutoff_us > cutoff or run.about["use"] == DO_NOT_USE:
            continue
        before = newest.get(run.task)
        if before is None or before.cutoff_us < run.cutoff_us:
            newest[run.task] = run
    return [newest[task] for task in sorted(newest) if newest[task].about["use"] != DO_NOT_USE]


def runs_before(results: Path, runs: Sequence[Run]) -> dict[str, Run]:
    """By task the newest kept run that looks at an earlier date than the given one; "do not use" left out."""
    now = {run.task: run.cutoff_us for run in runs}
    found: dict[str, Run] = {}
    for file in sorted(results.glob("*/*/metrics.json")):
        run = load_run(file.parent)
        if run.cutoff_us >= now.get(run.task, run.cutoff_us) or run.about["use"] == DO_NOT_USE:
            continue
        if run.task not in found or found[run.task].cutoff_us < run.cutoff_us:
            found[run.task] = run
    return found


def _catalogue(bank: BankFolder) -> Any:
    from bankmine.customers import catalogue_of

    return catalogue_of(bank.folder)


def _rows_of(run: Run, customer: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The customer's rows of a run's scores, and how many rows each question has."""
    import pyarrow.compute as pc

    with readable(run):
        scores = run.scores
        counts = pc.value_counts(scores.column("question")).to_pylist()
        own = scores.filter(pc.equal(scores.column("customer_id"), customer)).to_pylist()
    return own, {one["values"]: one["counts"] for one in counts}


def _before(run: Run | None, customer: int) -> Callable[[str], str]:
    """For a question what an earlier run said of the customer."""
    if run is None:
        return lambda question: ""
    rows, of = _rows_of(run, customer)
    said = {one["question"]: one for one in rows}

    def words(question: str) -> str:
        one = said.get(question)
        if one is None:
            return f"not scored on {run.cutoff}"
        chance = "" if one["probability"] is None else f", chance {one['probability']:.1%}"
        return f"{one['grade']}{chance}, rank {one['rank']:,} of {of[question]:,} on {run.cutoff}"

    return words


def scores_of(run: Run, customer: int, earlier: Run | None) -> list[ScoreLine]:
    """The customer's scores of a run, each beside what an earlier run of the task said."""
    about, before = run.about, _before(earlier, customer)
    own, of = _rows_of(run, customer)
    titles = {one["name"]: one["title"] for one in about["figures"].get("questions", [])}
    features = {one["name"]: one for one in run.features}
    labelled = speaks_of_chances(about)
    actions = about["figures"]["decision"]["actions"]
    return [
        ScoreLine(
            task=run.task, title=about["title"], question=titles.get(one["question"], one["question"]),
            cutoff=run.cutoff, run_id=run.run_id, value=one["value"],
            unit=about["figures"]["decision"]["unit"], probability=one["probability"], grade=one["grade"],
            rank=one["rank"], of=of[one["question"]], flags=tuple(one["flags"]),
            why=tuple(
                reason_words(reason, features, about["currency"], labelled=labelled)
                for reason in one["reasons"] or ()
            ),
            action=actions.get(one["grade"], ""), before=before(one["question"]),
        )
        for one in own[:MOST_ROWS]
    ]  # fmt: skip


def without_offers(score: ScoreLine) -> ScoreLine:
    """What a segment is offered is not offered to a customer whose flags forbid it."""
    return replace(score, action=NO_OFFER) if score.task == "segmentation" else score


def _kept(run: Run, customer: int) -> list[KeptRows]:
    """Rows of the run's tables that name the customer, first ones only."""
    import pyarrow.compute as pc

    found = []
    for name, how in run.about.get("tables", {}).items():
        table = run.table(name)
        if "customer_id" not in table.column_names:
            continue
        rows = table.filter(pc.equal(table.column("customer_id"), customer)).slice(0, MOST_ROWS).to_pylist()
        shown = {key: shape for key, shape in how["columns"].items() if key != "customer_id"}
        if rows:
            found.append(KeptRows(run.about["title"], how["title"], shown, rows))
    return found


def _changes(bank: BankFolder, among: Peers, cutoff: int, since: date | None) -> tuple[Change, ...]:
    """The last month against the twelve before it, the customer's own and those of a sample of peers."""
    from bankmine.mining.description.deviation import deviations

    warehouse, catalogue = bank.warehouse, _catalogue(bank)
    covered = warehouse.coverage("transaction") if warehouse.has("transaction") else None
    if covered is None:
        return ()
    back = [warehouse.zone.months_before(cutoff, month) for month in range(PAST_MONTHS + 1)]
    cutoffs = [at for at in back if warehouse.zone.months_before(at, 1) >= covered[0]]
    peers = peers_of(bank, among, cutoff, PEERS, _catalogue(bank))
    names = [name for name in CHANGING if name in catalogue.available(warehouse, as_of=cutoff).names]
    if len(cutoffs) < 2 or not names:
        return ()
    values = _monthly(bank, peers, cutoffs, names, catalogue)
    found = []
    for name in names:
        table = values[name]
        if since is not None:  # months before the relation began are no past of the customer's own
            began = warehouse.zone.midnight(since)
            table[0, [warehouse.zone.months_before(at, 1) < began for at in cutoffs]] = np.nan
        try:
            seen = deviations(table[:, 0], table[:, 1:])
        except FeasibilityError:
            return ()
        found.append(_change(catalogue[name], table[0], seen))
    return tuple(found)


def _change(feature: Any, own: Any, seen: Any) -> Change:
    past = own[1:][np.isfinite(own[1:])]
    return Change(
        feature.name, feature.sentence, feature.unit, _known(own[0]),
        float(np.median(past)) if len(past) else None, _known(seen.own[0]), _known(seen.peers[0]),
        bool(seen.marked()[0]),
    )  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _monthly(
    bank: BankFolder, customers: Sequence[int], cutoffs: Sequence[int], names: Sequence[str], catalogue: Any
) -> dict[str, Any]:
    """For each feature an array (customers, cutoffs), NaN where missing."""
    import pyarrow as pa

    who = np.repeat(np.array(customers, dtype=np.int64), len(cutoffs))
    when = np.tile(np.array(cutoffs, dtype=np.int64), len(customers))
    rows = pa.table(
        {
            "subject_kind": pa.repeat("customer", len(who)), "subject_id": who, "customer_id": who,
            "cutoff": pa.array(when).cast(pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    made = matrix(
        bank.warehouse, rows, names, catalogue=catalogue, memory=bank.config.memory,
        threads=bank.config.threads,
    )  # fmt: skip
    shape = (len(customers), len(cutoffs))
    return {name: made.column(name).cast(pa.float64()).to_numpy().reshape(shape).copy() for name in names}
