"""How bankmine answers a case; it is imported at each call, so that a mutant can answer too."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from cases import COVERED, ZONE, Ask, AskLabel, AskVersion, Case, Row

KEYS = {"transaction": "transaction_id", "credit_application": "application_id"}
INSTANTS = ("event_time", "known_at", "bad_known_at", "decided_at")


def answer(case: Case) -> Any:
    """The value bankmine gives, or a list of values for several cutoffs or a replay."""
    if isinstance(case.ask, AskLabel):
        return _label(case.ask)
    if isinstance(case.ask, AskVersion):
        return _version(case, case.ask)
    return _window(case, case.ask)


def naive_answer(case: Case) -> Any:
    """The value the naive twin gives; for window cases."""
    from zoneinfo import ZoneInfo

    from bankmine.windows.naive import Bank, Looked, naive_replay, naive_value

    ask = case.ask
    assert isinstance(ask, Ask)
    warehouse = _bank(case)
    bank = Bank(warehouse.raw, dict.fromkeys(warehouse.raw, warehouse.coverage(ask.table)), ZoneInfo(ZONE))
    if ask.at:
        as_of = None if ask.as_of is None else _instant(ask.as_of)
        cutoffs = [_instant(at) for at in _cutoffs(ask)]
        looked = [Looked(ask.subject, at, at if as_of is None else as_of, ask.seq) for at in cutoffs]
    else:
        rows = naive_replay(bank, ask.table)
        looked = [Looked(row[ask.key], row["event_time"], row["known_at"], row["seq"]) for row in rows]
    return _shaped(ask, [naive_value(bank, _feature(ask), one) for one in looked])


def _window(case: Case, ask: Ask) -> Any:
    import numpy as np

    from bankmine.windows import replay, snapshot

    warehouse, feature = _bank(case), _feature(ask)
    if not ask.at:
        return replay(warehouse, [feature]).column(feature.name).to_pylist()
    cutoffs = np.array([_instant(at) for at in _cutoffs(ask)])
    found = snapshot(
        warehouse, [feature], np.full(len(cutoffs), ask.subject), cutoffs,
        as_of=None if ask.as_of is None else _instant(ask.as_of),
        seqs=None if ask.seq is None else np.full(len(cutoffs), ask.seq), seq_table=ask.table,
    )  # fmt: skip
    return _shaped(ask, found.column(0).to_pylist())


def _feature(ask: Ask) -> Any:
    from bankmine.windows import events, windows

    source = events(ask.table, key=ask.key).where(**ask.where)
    source = source.measure(ask.measure, scale=ask.scale) if ask.measure else source
    source = source.having(ask.having) if ask.having else source
    source = source.lacking(ask.lacking) if ask.lacking else source
    source = source.valid(ask.valid) if ask.valid else source
    source = source.verdict(ask.verdict) if ask.verdict else source
    made = windows(source, over=[ask.over], aggregate=[ask.aggregate], by=ask.by, delay=ask.delay)
    return next(feature for feature in made if feature.level == ask.level)


def _cutoffs(ask: Ask) -> list[str]:
    return [ask.at] if isinstance(ask.at, str) else list(ask.at)


def _shaped(ask: Ask, values: list[Any]) -> Any:
    return values[0] if isinstance(ask.at, str) else values


def _instant(text: str) -> int:
    from windows.memory_warehouse import zone_named

    return zone_named(ZONE).parse(text)


def _bank(case: Case) -> Any:
    """The case's rows in a warehouse; rows with a subject_id are feedback."""
    from windows.memory_warehouse import MemoryWarehouse

    ask = case.ask
    assert isinstance(ask, Ask)
    tables: dict[str, list[Row]] = {ask.table: [], "feedback": []}
    for place, row in enumerate(case.rows, 1):
        full = {"customer_id": 1, "seq": place, **row}
        full |= {name: _instant(full[name]) for name in INSTANTS if full.get(name) is not None}
        if "subject_id" in full:
            fixed = {"subject_kind": "transaction", "label": "fraud", "verdict": "confirmed"}
            tables["feedback"].append({**fixed, **full})
        else:
            number = full.pop("number", place)
            tables[ask.table].append({**full, KEYS[ask.table]: number})
    return MemoryWarehouse(tables, coverage=(_instant(COVERED[0]), _instant(COVERED[1])), zone=ZONE)


def _version(case: Case, ask: AskVersion) -> Any:
    from bankmine.engine.session import Session
    from engine.small_warehouse import SmallWarehouse

    with tempfile.TemporaryDirectory() as folder:
        bank = SmallWarehouse(Path(folder), zone=ZONE)
        bank.load(**{ask.table: list(case.rows)})
        with Session(bank.warehouse, as_of=bank.at(ask.known), until=bank.at(ask.at)) as session:
            found = session.arrow(f"SELECT {ask.column} FROM {ask.table}").column(0).to_pylist()
    return found[0] if len(found) == 1 else (found or None)


def _label(ask: AskLabel) -> bool:
    import numpy as np

    from bankmine.tasks.labels import LabelRule
    from windows.memory_warehouse import zone_named

    rule = LabelRule(horizon_days=ask.horizon, delay_days=ask.delay, tables=("transaction",))
    mature = rule.mature(
        np.array([_instant(ask.at)]), zone=zone_named(ZONE), as_of=_instant(ask.as_of),
        covered_until=_instant(ask.covered_until),
    )  # fmt: skip
    return bool(mature[0])
