"""How an application was filled in, and how often what it gives was given before: features of kind form.

*Traces* are the events of the application's own session on the screen before its cutoff: how long a field
took, what was pasted or edited, from where, on which device. A form still being filled in at the cutoff
shows what there was so far. *Velocity* counts applications by other customers that gave the same phone,
device, address or employer in the days before. Without a session, or with one of
which nothing is known (a branch, a partner), traces are missing, never zero. *Places* compare the country the
form came from with the bank's own and with that of the customer's record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, HOUR
from bankmine.customers.computed.form_places import PLACES, off_home, off_record
from bankmine.customers.computed.found import Found
from bankmine.customers.computed.links_in_time import KEYS, sql
from bankmine.customers.computed.visible import Visible, visible
from bankmine.customers.subjects import NO_SUBJECT
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.subjects import Subjects

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DAYS = (1, 7, 30, 90)
HABIT_DAYS = 365
EVENTS = ("page_viewed", "field_typed", "field_pasted", "field_edited", "form_sent")
VIEWED, TYPED, PASTED, EDITED, SENT = range(5)
TRACES = (
    "fields", "pasted_share", "edited_share", "seconds_a_field", "seconds_a_page", "fastest_field_seconds",
    "seconds_to_form_sent",
)  # fmt: skip
HABITS = ("device_new", "device_days", "country_away")
VELOCITY = tuple(f"velocity_{kind}_{days}d" for kind in KEYS for days in DAYS)


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """TRACES, HABITS, PLACES, VELOCITY, `session_applications`, `employer_differs`, `hour`: a value a row."""
    made = _Form(warehouse, subjects, memory, threads)
    return Found({name: made.column(name) for name in columns}, {}, tuple(dict.fromkeys(made.statements)))


class _Form:
    """What is asked of the rows, each part read once and only if asked for."""

    def __init__(self, warehouse: Warehouse, subjects: Subjects, memory: str, threads: int) -> None:
        self.warehouse, self.subjects, self.memory, self.threads = warehouse, subjects, memory, threads
        self.statements: list[str] = []
        self._read: dict[str, Any] = {}

    def column(self, name: str) -> Any:
        """One column as an Arrow array."""
        import pyarrow as pa

        if name in VELOCITY:
            return self._velocity(name)
        if name == "hour":
            local = self.warehouse.zone.to_local(self.subjects.cutoffs)
            return pa.array(local % DAY // HOUR)
        if name == "session_applications":
            return self._others_in_session()
        if name == "employer_differs":
            return self._employer()
        if name in PLACES:
            return self._of("places", self._places)[name]
        return (
            self._of("habits", self._habits)[name]
            if name in HABITS
            else self._of("traces", self._traces)[name]
        )

    def _of(self, part: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if part not in self._read:
            self._read[part] = make()
        found: dict[str, Any] = self._read[part]
        return found

    def _seen(self, table: str, columns: Sequence[str], key: str) -> Visible:
        name = f"{table} by {key}"
        if name not in self._read:
            self._read[name] = visible(
                self.warehouse, table, columns, key, self.subjects, memory=self.memory, threads=self.threads
            )
            self.statements += self._read[name].statements
        found: Visible = self._read[name]
        return found

    def _given(self, key: str) -> Bools:
        return np.asarray(self.subjects.keys[key] != NO_SUBJECT)

    def _velocity(self, name: str) -> Any:
        import pyarrow as pa

        _, kind, length = name.split("_")
        seen = self._seen("credit_application", ["customer_id"], KEYS[kind])
        age = self.subjects.cutoffs[seen.row] - seen.time
        others = seen.whole("customer_id") != self.subjects.keys["customer_id"][seen.row]
        counted = seen.where(others & (age <= int(length[:-1]) * DAY)).total()
        return pa.array(counted, mask=~self._given(KEYS[kind]))

    def _others_in_session(self) -> Any:
        import pyarrow as pa

        counted = self._seen("credit_application", ["customer_id"], "session_id").total()
        return pa.array(counted, mask=~self._given("session_id"))

    def _employer(self) -> Any:
        """1 where form and record name different employers, 0 where the same; missing where one names
        none."""
        import pyarrow as pa

        record = np.full(len(self.subjects), NO_SUBJECT)
        found = self._ask("form_employer")
        record[found.column("asked_row").to_numpy()] = (
            found.column("employer_id").fill_null(NO_SUBJECT).to_numpy()
        )
        form = self.subjects.keys["employer_id"]
        return pa.array((form != record).astype(np.int64), mask=(form == NO_SUBJECT) | (record == NO_SUBJECT))

    def _ask(self, statement: str, **given: Any) -> Any:
        import pyarrow as pa

        keys, subjects = self.subjects.keys, self.subjects
        asked = {"asked_row": np.arange(len(subjects)), "application_id": subjects.subject}
        asked |= {
            "customer_id": keys["customer_id"],
            "cutoff": subjects.cutoffs,
            "knowledge": subjects.knowledge,
        }
        for name in ("session_id", "device_id"):
            asked[name] = pa.array(keys[name], mask=keys[name] == NO_SUBJECT)
        with Session(self.warehouse, memory=self.memory, threads=self.threads) as session:
            session.register("asked", pa.table(asked))
            found = session.arrow(sql(statement), given)
            self.statements += session.statements
        return found

    def _traces(self) -> dict[str, Any]:
        seen = self._seen("digital_event", ["event", "duration_ms"], "session_id")
        event, took = seen.codes("event", EVENTS), seen.whole("duration_ms") / 1000.0
        rows = len(self.subjects)
        here = _count(seen.row, rows) > 0  # a session of which nothing is known is as good as none
        field = (event == TYPED) | (event == PASTED) | (event == EDITED)
        fields = _count(seen.row[field], rows)
        written = (event == TYPED) | (event == EDITED)
        fastest = np.full(rows, np.inf)
        np.minimum.at(fastest, seen.row[written], took[written])
        sent = np.full(rows, np.nan)
        sent[seen.row[event == SENT]] = seen.time[event == SENT] / 1e6
        first = np.full(rows, np.inf)
        np.minimum.at(first, seen.row, seen.time / 1e6)
        values = {
            "fields": np.where(here, fields, np.nan),
            "pasted_share": _over(_count(seen.row[event == PASTED], rows), fields),
            "edited_share": _over(_count(seen.row[event == EDITED], rows), fields),
            "seconds_a_field": _mean(seen.row[written], took[written], rows),
            "seconds_a_page": _mean(seen.row[event == VIEWED], took[event == VIEWED], rows),
            "fastest_field_seconds": fastest,
            "seconds_to_form_sent": sent - first,
        }
        return {name: _array(one) for name, one in values.items()}

    def _countries(self) -> list[str | None]:
        """Where each form came from, as first known."""
        own = self._ask("form_own")
        found = zip(own.column("asked_row").to_pylist(), own.column("ip_country").to_pylist(), strict=True)
        country = dict(found)
        return [country.get(row) for row in range(len(self.subjects))]

    def _places(self) -> dict[str, Any]:
        import pyarrow as pa

        countries = self._countries()
        home, record = PLACES
        made = {home: off_home(self.warehouse, countries)}
        if self.warehouse.has("customer_identity"):
            made[record] = off_record(self.warehouse, countries, self._ask("form_identity"))
        nothing = [None] * len(countries)
        return {name: pa.array(made.get(name, nothing), pa.int64()) for name in PLACES}

    def _habits(self) -> dict[str, Any]:
        rows = len(self.subjects)
        found = self._ask("form_habits", days=HABIT_DAYS)
        row = found.column("asked_row").to_numpy()
        events, same, since = (np.full(rows, np.nan) for _ in range(3))
        for values, name in ((events, "events"), (same, "same_device"), (since, "first_seen")):
            values[row] = found.column(name).to_numpy(zero_copy_only=False)
        known = self._given("device_id") & (events > 0)
        days = (self.subjects.cutoffs - since) / DAY
        country = self._countries()
        away = np.full(rows, np.nan)
        for place, home in zip(row.tolist(), found.column("home").to_pylist(), strict=True):
            if home is not None and country[place] is not None:
                away[place] = home != country[place]
        return {
            "device_new": _array(np.where(known, same == 0, np.nan)),
            "device_days": _array(np.where(known & (same > 0), days, np.nan)),
            "country_away": _array(away),
        }


def _array(values: Floats) -> Any:
    import pyarrow as pa

    return pa.array(values, mask=~np.isfinite(values))


def _count(row: Ints, rows: int) -> Ints:
    return np.bincount(row, minlength=rows).astype(np.int64)


def _over(part: Ints, whole: Ints) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _mean(row: Ints, values: Floats, rows: int) -> Floats:
    count = _count(row, rows)
    return np.where(
        count > 0, np.bincount(row, weights=values, minlength=rows) / np.maximum(count, 1), np.nan
    )
