"""The register: for each entry cause, severity, likelihood, cost of control, action, owner and its turn.

Causes are the signals that are on, strongest first by what they add to the log-odds of the chance, each with
the month it came on and where it comes from. An entry without a signal says which state of the borrower puts
it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.tasks.contract import Floats, Ints, exponent_of
from bankmine.tasks.early_warning.control import (
    NOTHING,
    Choice,
    Terms,
    choose,
    days_of_work,
    owner_of,
)
from bankmine.tasks.early_warning.judge import register, register_size
from bankmine.tasks.early_warning.likelihood import HORIZONS, STATES, Likelihood
from bankmine.tasks.early_warning.severity import severity
from bankmine.tasks.early_warning.signals import Origin, said
from bankmine.tasks.early_warning.watch import Watch
from bankmine.tasks.study import Shape

GRADES = {
    "today": "Work today: the highest expected saving per hour.",
    "queue": "Work as soon as the hours allow, in this order.",
    "watch": "On the register, but no action is expected to save more than it costs: look again next month.",
    "clear": "Not on the register: nothing to do.",
}
MOST_CAUSES = 4
OR_EARLIER = "or earlier"
LEAST_PART = 0.02  # of log-odds: less is no cause
IN_FULL = {  # signals, and the state that says the same in full
    "late_now": "days past due", "late_often": "events late in a year", "overdrawn": "days overdrawn",
}  # fmt: skip


@dataclass(frozen=True)
class Entries:
    """One look: all borrowers looked at (`who`, places in the watch) with `chance` (rows, horizons), and
    those on the register (`listed`, positions in `who`) in the order of work with `parts` (what each column
    adds to the log-odds), what is done about them and on which working day (0 for never)."""

    watched: Watch
    look: int
    who: Ints
    chance: Floats
    listed: Ints
    parts: Floats
    choice: Choice
    day: Ints

    @property
    def places(self) -> Ints:
        """The entries' places in the watch."""
        return self.who[self.listed]

    def of(self, name: str) -> Floats:
        """A measure of the entries."""
        return np.asarray(self.watched.panel.measures[name][self.places, self.look])

    @property
    def expected_loss(self) -> Floats:
        """Of each entry: chance within twelve months times what would be lost, minor units."""
        return np.asarray(self.chance[self.listed, -1] * self.of("lost"))


def entries_of(watched: Watch, model: Likelihood, look: int, terms: Terms, currency: str) -> Entries:
    """The register of a look, in the order in which it is worked."""
    who = np.flatnonzero(watched.looked_at[:, look])
    chance = model.chances(watched, who, np.full(len(who), look))
    listed = register(chance[:, -1], register_size(len(who), terms.register_share))
    inside = who[listed]
    parts = model.parts(watched, inside, np.full(len(inside), look))
    measures = watched.panel.measures
    made = choose(
        chance[listed, -1], measures["lost"][inside, look], measures["lost_undrawn"][inside, look],
        np.nan_to_num(measures["days_past_due"][inside, look]),
        first_origins(watched, inside, look, parts), watched.panel.codes["kind"][inside, look] == 1, terms,
        10 ** exponent_of(currency),
    )  # fmt: skip
    order = np.lexsort(
        [watched.panel.customers[inside], -chance[listed, -1], -made.worth_an_hour, made.action < 0]
    )
    day = days_of_work(order[: int((made.action >= 0).sum())], made.hours, terms.day_hours)
    sorted_ = Choice(made.action[order], made.cost[order], made.saving[order], made.hours[order])
    return Entries(watched, look, who, chance, listed[order], parts[order], sorted_, day[order])


def causes(watched: Watch, who: Ints, look: int, parts: Floats) -> list[list[int]]:
    """For each borrower the signals that are on and raise the log-odds, by how much, largest first.

    What the chance takes from a state that says the same in full counts for the signal.
    """
    adds = parts[:, len(STATES) :].copy()
    for number, signal in enumerate(watched.signals):
        if signal.name in IN_FULL:
            adds[:, number] += parts[:, STATES.index(IN_FULL[signal.name])]
    lit = watched.on[:, who, look].T & (adds > LEAST_PART)
    return [
        [int(one) for one in np.argsort(-adds[row], kind="stable") if lit[row, one]]
        for row in range(len(who))
    ]


def first_origins(watched: Watch, who: Ints, look: int, parts: Floats) -> list[Origin | None]:
    """Where each borrower's first cause comes from; None without a signal."""
    return [watched.signals[own[0]].origin if own else None for own in causes(watched, who, look, parts)]


def in_words(watched: Watch, place: int, look: int, own: Sequence[int], zone: Zone) -> str:
    """The causes of one entry: what, since when, from where."""
    told = []
    for number in own[:MOST_CAUSES]:
        signal, first = watched.signals[number], int(watched.since[number, place, look])
        value = float(watched.values[number, place, look])
        month = zone.show(int(watched.panel.cutoffs[first]))[:7]
        told.append(f"{said(signal, value)} (since {month}{' ' + OR_EARLIER if first == 0 else ''})")
    more = len(own) - MOST_CAUSES
    return "; ".join(told) + (f"; {more} more" if more > 0 else "")


def state_words(parts: Floats, chance_names: Sequence[str] = STATES) -> str:
    """The state that puts a borrower without a signal on the register."""
    best = int(np.argmax(parts[: len(chance_names)]))
    return f"no signal raises it; its standing does: {chance_names[best]}"


def register_table(entries: Entries, terms: Terms, zone: Zone, *, stayed: Any) -> Any:
    """The register as an Arrow table, in the order of work; `stayed`: who was on the one a month before."""
    import pyarrow as pa

    watched, look, places = entries.watched, entries.look, entries.places
    own = causes(watched, places, look, entries.parts)
    company = watched.panel.codes["kind"][places, look] == 1
    return pa.table(
        {
            "rank": np.arange(1, len(places) + 1),
            "customer_id": watched.panel.customers[places],
            "kind": [("person", "company")[int(one)] for one in company],
            **_told(entries, own, zone),
            **{f"chance_{months}": entries.chance[entries.listed, number]
               for number, months in enumerate(HORIZONS)},
            "owed_minor": _whole(entries.of("exposure")), "loss_minor": _whole(entries.of("lost")),
            "expected_minor": _whole(entries.expected_loss), "cost_minor": _whole(entries.choice.cost),
            "saving_minor": _whole(entries.choice.saving), "hours": entries.choice.hours,
            "action": [NOTHING if one < 0 else terms.actions[one].words for one in entries.choice.action],
            "owner": owners(entries),
            "day": pa.array([int(one) if one else None for one in entries.day], pa.int64()),
            "new": ["stayed" if one else "new" for one in stayed], "grade": grades(entries),
        }
    )  # fmt: skip


def _told(entries: Entries, own: Sequence[Sequence[int]], zone: Zone) -> dict[str, Any]:
    """Cause, where from and since when of each entry."""
    watched, look, places = entries.watched, entries.look, entries.places
    first = [int(watched.since[mine, place, look].min()) if mine else -1
             for place, mine in zip(places, own, strict=True)]  # fmt: skip
    return {
        "cause": [
            in_words(watched, int(place), look, mine, zone) if mine else state_words(part)
            for place, mine, part in zip(places, own, entries.parts, strict=True)
        ],
        "origin": [str(watched.signals[mine[0]].origin) if mine else "standing" for mine in own],
        "since": [None if one < 0 else zone.show(int(watched.panel.cutoffs[one]))[:10] for one in first],
    }


def owners(entries: Entries) -> list[str]:
    """Whose each entry is."""
    codes, names, look = entries.watched.panel.codes, entries.watched.panel.names, entries.look

    def name_of(what: str, place: int) -> str | None:
        code = int(codes[what][place, look])
        return None if code < 0 else str(names[what][code])

    return [
        owner_of(bool(codes["kind"][place, look] == 1), float(late), name_of("branch", place),
                 name_of("manager", place))
        for place, late in zip(entries.places.tolist(), entries.of("days_past_due"), strict=True)
    ]  # fmt: skip


def grades(entries: Entries) -> list[str]:
    """The grade of each entry of the register, in its order."""
    return [
        "watch" if action < 0 else "today" if day == 1 else "queue"
        for action, day in zip(entries.choice.action, entries.day, strict=True)
    ]


def loans_table(entries: Entries, terms: Terms) -> Any:
    """The credits of the register's customers: what is owed, how late, what would be lost."""
    import pyarrow as pa

    every: Mapping[str, Any] = entries.watched.panel.credits
    listed = entries.watched.panel.customers[entries.places]
    turn = {int(one): place for place, one in enumerate(listed)}
    open_ = (every["principal"] > 0) & ~every["written_off"]
    rows = [row for row in np.flatnonzero(open_) if int(every["customer_id"][row]) in turn]
    rows.sort(key=lambda row: (turn[int(every["customer_id"][row])], int(every["loan_id"][row])))
    mine = {name: values[rows] for name, values in every.items()}
    who = mine["customer_id"].astype(np.int64)
    numbers = np.arange(len(rows), dtype=np.int64)
    lost = severity({**mine, "customer_id": numbers}, numbers, terms.losses).lost
    chance = entries.chance[entries.listed, -1]
    own = np.array([chance[turn[int(one)]] for one in who], dtype=np.float64)
    return pa.table(
        {
            "customer_id": who, "loan_id": mine["loan_id"].astype(np.int64),
            "owed_minor": _whole(mine["principal"]),
            "limit_minor": pa.array(mine["limit"], mask=np.isnan(mine["limit"])).cast(pa.int64()),
            "days_past_due": _whole(mine["days_past_due"]), "loss_minor": _whole(lost),
            "expected_minor": _whole(lost * own),
        }
    )  # fmt: skip


def shown() -> dict[str, Shape]:
    """The columns of the register a page shows: first what is worked by, then what else is known."""
    return {
        "rank": Shape("Turn", "number", 0), "customer_id": Shape("Customer", "key"),
        "cause": Shape("Cause, since when"), "chance_12": Shape("12 months", "share"),
        "expected_minor": Shape("Expected loss", "money"), "action": Shape("Action"),
        "saving_minor": Shape("Saves", "money"), "cost_minor": Shape("Cost", "money"),
        "day": Shape("Day", "number", 0), "owner": Shape("Owner"), "origin": Shape("Where from"),
        "kind": Shape("Kind"), "chance_3": Shape("3 months", "share"),
        "chance_6": Shape("6 months", "share"), "owed_minor": Shape("Owed", "money"), "new": Shape("New"),
    }  # fmt: skip


def shown_loans() -> dict[str, Shape]:
    """The columns of the credits."""
    return {
        "customer_id": Shape("Customer", "key"), "loan_id": Shape("Loan", "key"),
        "owed_minor": Shape("Owed", "money"), "limit_minor": Shape("Limit of the line", "money"),
        "days_past_due": Shape("Days past due", "number", 0), "loss_minor": Shape("Lost at default", "money"),
        "expected_minor": Shape("Expected loss", "money"),
    }  # fmt: skip


def _whole(values: Floats) -> Any:
    import pyarrow as pa

    return pa.array(np.round(np.asarray(values, dtype=np.float64)).astype(np.int64))
