"""Writes the made-up world as the extracts of a bank: gzip CSV files and the day they were drawn.

Some of it is dirty, at known rates, as deliveries are: amounts nobody can read, payments of unknown
accounts, days in the future, lines cut short, a payment delivered twice. Some payments become known late,
some are corrected or withdrawn later.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.sources.example.world import (
    CATEGORIES,
    DAY,
    FIRST_DAY,
    LIVES,
    Deeds,
    People,
    deeds,
    first_of,
    people,
)  # fmt: skip

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATES = {"EUR": 1.0, "CHF": 1.05, "USD": 0.92}
_FOREIGN, _LATE, _CORRECTED, _CANCELLED = 0.02, 0.02, 0.002, 0.001


@dataclass
class Planted:
    """What was written: rows a file, and how many of them are dirty, late, corrected or withdrawn."""

    rows: dict[str, int] = field(default_factory=dict)
    dirt: dict[str, int] = field(default_factory=dict)
    late: int = 0
    corrected: int = 0
    cancelled: int = 0


def write_extracts(
    folder: Path,
    customers: int = 2000,
    months: int = 18,
    seed: int = 7,
    *,
    since: int = 0,
    dirty: bool = True,
) -> Planted:
    """Writes the extracts drawn on the first day after `months` months; returns what was planted.

    With `since`, the file of transactions holds only what became known from that month on: a further
    delivery after the one of `months = since`. The same seed gives the same world.
    """
    folder.mkdir(parents=True, exist_ok=True)
    who, planted = people(customers, seed), Planted()
    happened = deeds(who, months, seed)
    drawn = (first_of(months) - FIRST_DAY).days
    here = who.joined < drawn
    _write_people(folder, who, here, planted)
    _write_orders(folder, who, here, planted)
    _write_payments(
        folder,
        who,
        happened,
        ((first_of(since) - FIRST_DAY).days if since else -1, drawn),
        seed,
        planted,
        dirty,
    )
    rates = [(code, f"{rate:.4f}") for code, rate in RATES.items() if code != "EUR"]
    _write(
        folder,
        "rates",
        ["currency", "day", "rate"],
        [(c, FIRST_DAY.isoformat(), r) for c, r in rates],
        planted,
    )
    (folder / "delivery.toml").write_text(
        f'extract_date = "{first_of(months).isoformat()}"\n', encoding="utf-8"
    )
    return planted


def _write_people(folder: Path, who: People, here: NDArray[np.bool_], planted: Planted) -> None:
    lives, rows, parties, accounts, cards = list(LIVES), [], [], [], []
    for one in np.flatnonzero(here).tolist():
        name = f"{'Anna' if who.female[one] else 'Jan'} Example{one:05d}"
        joined = _day(int(who.joined[one]))
        gender = "F" if who.female[one] else "M"
        mail = f"person{one}@example.org"
        rows.append((f"C{one:05d}", name, mail, who.birth_year[one], gender, f"R{who.region[one]}", joined))
        own = f"A{one:05d}"
        product = "savings" if lives[who.life[one]] == "saver" else "current"
        accounts.append((own, product, joined))
        parties.append((own, f"C{one:05d}", "owner", joined))
        cards.append((f"K{one:05d}", own, f"C{one:05d}", joined))
        if who.partner[one] >= 0 and here[who.partner[one]]:
            since = _day(int(max(who.joined[one], who.joined[who.partner[one]])))
            parties.append((own, f"C{who.partner[one]:05d}", "co-owner", since))
    columns = ["customer_id", "name", "email", "birth_year", "gender", "region", "since"]
    _write(folder, "customers", columns, rows, planted)
    _write(folder, "accounts", ["account_id", "product", "opened_on"], accounts, planted)
    _write(folder, "parties", ["account_id", "customer_id", "role", "since"], parties, planted)
    _write(folder, "cards", ["card_id", "account_id", "customer_id", "issued_on"], cards, planted)


def _write_orders(folder: Path, who: People, here: NDArray[np.bool_], planted: Planted) -> None:
    rows = [
        (f"O{one:05d}", f"A{one:05d}", "rent", f"{450 + 10 * (one % 60)}.00", _day(int(who.joined[one])))
        for one in np.flatnonzero(here & (who.life < 3)).tolist()
    ]
    _write(folder, "orders", ["order_id", "account_id", "purpose", "amount", "since"], rows, planted)


def _write_payments(
    folder: Path, who: People, done: Deeds, days: tuple[int, int], seed: int, planted: Planted, dirty: bool
) -> None:
    """The payments that became known in `days`, and the frauds reported in them."""
    rng = np.random.default_rng([seed, 0, 2])
    draws = _Draws.of(done)
    recorded = done.second + draws.delay
    balance = _balances(done)
    start, end = days[0] * DAY, days[1] * DAY
    rows = []
    for place in np.flatnonzero((recorded >= start) & (recorded < end)).tolist():
        rows.append(
            _line(done, draws, place, int(recorded[place]), int(balance[place]), "no", draws.factor[place])
        )
        planted.late += int(draws.delay[place] > DAY)
    for place in np.flatnonzero(draws.revised).tolist():
        again = int(recorded[place]) + 12 * DAY
        if start <= again < end:
            withdrawn = bool(draws.withdrawn[place])
            rows.append(
                _line(done, draws, place, again, int(balance[place]), "yes" if withdrawn else "no", 1.0)
            )
            planted.cancelled += int(withdrawn)
            planted.corrected += int(not withdrawn)
    _report_frauds(folder, done, (start, end), planted)
    if dirty:
        rows = _dirty(rows, rng, planted)
    columns = [
        "payment_id", "account_id", "card_id", "booked_at", "recorded_at", "direction", "amount", "currency",
        "channel", "category", "merchant_id", "terminal_id", "balance", "withdrawn",
    ]  # fmt: skip
    _write(folder, "payments", columns, rows, planted)


@dataclass(frozen=True)
class _Draws:
    """What is random about each payment beyond the deed itself, drawn by its month and place in it."""

    delay: NDArray[np.int64]
    foreign: NDArray[np.int64]
    revised: NDArray[np.bool_]
    withdrawn: NDArray[np.bool_]
    factor: NDArray[np.float64]
    number: NDArray[np.int64]

    @classmethod
    def of(cls, done: Deeds) -> _Draws:
        """Drawn from each deed's own noise, so that a longer world keeps them."""
        chance = [np.modf(done.noise * (10.0**power))[0] for power in (2, 3, 4, 5)]
        late = chance[0] < _LATE
        revised = chance[1] < _CORRECTED + _CANCELLED
        withdrawn = revised & (chance[1] < _CANCELLED)
        month = done.month
        place = np.zeros(month.size, np.int64)
        order = np.lexsort((done.noise, month))
        begins = np.searchsorted(month[order], month[order])
        place[order] = np.arange(month.size) - begins
        return cls(
            delay=np.where(late, (1 + 4 * chance[2]) * DAY, 30 + 300 * chance[2]).astype(np.int64),
            foreign=np.where((chance[3] < _FOREIGN) & (done.category == 2), 1 + (place % 2), 0),
            revised=revised,
            withdrawn=withdrawn,
            factor=np.where(revised & ~withdrawn, 10.0, 1.0),
            number=month * 1_000_000 + place,
        )


def _line(
    done: Deeds, draws: _Draws, place: int, recorded: int, balance: int, withdrawn: str, factor: float
) -> tuple[Any, ...]:
    customer, category = int(done.customer[place]), int(done.category[place])
    currency = list(RATES)[int(draws.foreign[place])]
    cents = int(done.cents[place] * factor)
    is_card = 0 <= category < 7
    channel = "card" if is_card else ("cash" if category == 7 else "transfer")
    name = {-1: "income", -2: "rent"}.get(category) or CATEGORIES[category]
    terminal = int(done.terminal[place])
    return (
        f"P{int(draws.number[place]):09d}", f"A{customer:05d}", f"K{customer:05d}" if category >= 0 else "",
        _moment(int(done.second[place])), _moment(recorded), "C" if category == -1 else "D",
        f"{cents / 100:.2f}", currency, channel, name, f"M{terminal // 3:04d}" if is_card else "",
        f"T{terminal:04d}" if category >= 0 else "", f"{balance / 100:.2f}", withdrawn,
    )  # fmt: skip


def _balances(done: Deeds) -> NDArray[np.int64]:
    """The balance after each payment, in cents; every account begins with 2,000."""
    signed = np.where(done.category == -1, done.cents, -done.cents)
    order = np.lexsort((np.arange(signed.size), done.customer))
    total = np.cumsum(signed[order])
    owner = done.customer[order]
    begins = np.searchsorted(owner, owner)
    before = np.where(begins > 0, total[begins - 1], 0)
    balance = np.empty_like(total)
    balance[order] = total - before + 200_000
    return balance


def _report_frauds(folder: Path, done: Deeds, seconds: tuple[int, int], planted: Planted) -> None:
    draws = _Draws.of(done)
    rows = []
    for place in np.flatnonzero(done.fraud & (done.category >= 0)).tolist():
        reported = int(done.second[place]) + 7 * DAY
        if seconds[0] <= reported < seconds[1]:
            customer = f"C{int(done.customer[place]):05d}"
            number = f"P{int(draws.number[place]):09d}"
            rows.append((number, customer, _moment(int(done.second[place])), _moment(reported)))
    _write(folder, "fraud_reports", ["payment_id", "customer_id", "booked_at", "reported_at"], rows, planted)


def _dirty(rows: list[tuple[Any, ...]], rng: np.random.Generator, planted: Planted) -> list[tuple[Any, ...]]:
    """Spoils a few lines of each kind: about one in a thousand in all, at least one."""
    each = max(1, len(rows) // 6000)
    chosen = rng.choice(len(rows), 4 * each, replace=False).reshape(4, each).tolist()
    spoilt = [list(row) for row in rows]
    for place in chosen[0]:
        spoilt[place][6] = spoilt[place][6].replace(".", "o") + "?"
    for place in chosen[1]:
        spoilt[place][1] = "A99999"
    for place in chosen[2]:
        spoilt[place][3] = spoilt[place][4] = "2042-02-03 10:00:00"
    lines = [tuple(row) for row in spoilt]
    lines += [lines[place] for place in chosen[3]]
    cut = [lines[place][:9] for place in chosen[3]]
    planted.dirt = {
        "unreadable amount": each, "unknown account": each, "future": each, "delivered twice": each,
        "cut line": each,
    }  # fmt: skip
    return lines + [(f"X{number}", *row[1:]) for number, row in enumerate(cut)]


def _day(day: int) -> str:
    return (FIRST_DAY + timedelta(days=day)).isoformat()


def _moment(second: int) -> str:
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day)
    return (start + timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S")


def _write(
    folder: Path, name: str, columns: list[str], rows: list[tuple[Any, ...]], planted: Planted
) -> None:
    """A gzip CSV without a time stamp in it, so that equal content is an equal file."""
    text = "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n"
    with (folder / f"{name}.csv.gz").open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
        out.write(text.encode())
    planted.rows[name] = len(rows)
