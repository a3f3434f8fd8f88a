"""Whom fairness compares: persons by gender, by age and by region, as the bank knows them at the cutoff.

A region is the one a person lives in, else that of the branch that looks after the person. Regions are often
many and small: those with enough test rows are compared where they hold at least half of the rows, else the
larger regions they belong to (`province`), else as many as are large enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bankmine.bank.warehouse import Warehouse

LEAST = 100
BANDS = ((30, "under 30"), (45, "30 to 44"), (60, "45 to 59"), (999, "60 and more"))


@dataclass(frozen=True)
class Division:
    """A way to tell persons apart: each person's group, by customer; who states none is left out.

    `member` is the group whose proxies are sought, `members` the words for it; "" means the group of which
    the smallest share is approved or chosen. `said` tells what was taken, `missing` why nothing can be.
    """

    word: str
    of: Mapping[int, str]
    member: str = ""
    members: str = ""
    said: str = ""
    missing: str = ""


def divisions(
    warehouse: Warehouse, cutoff: int, tested: Sequence[int], *, memory: str, threads: int
) -> list[Division]:
    """Gender, age and region of persons; `tested` are the customers of the test rows that are compared."""
    from bankmine.engine.session import Session

    with Session(warehouse, cutoff, until=cutoff, memory=memory, threads=threads) as session:
        rows = [one for one in session.arrow(_sql("groups")).to_pylist() if one["kind"] == "person"]
        branch = session.arrow(_sql("branches")).to_pylist() if warehouse.has("branch") else []
        place = session.arrow(_sql("places"), {"at": cutoff}).to_pylist() if warehouse.has("region") else []
    year = date.fromisoformat(warehouse.zone.show(cutoff)[:10]).year
    gender = {one["customer_id"]: one["gender"] for one in rows if one["gender"]}
    age = {one["customer_id"]: _band(year - one["birth_year"]) for one in rows if one["birth_year"]}
    lies = {one["branch_id"]: one["region_id"] for one in branch}
    lives = {one["customer_id"]: one["region_id"] or lies.get(one["branch_id"]) for one in rows}
    return [
        Division("gender", gender, "female", "women"),
        Division("age", age, BANDS[-1][1], "those of 60 and more"),
        region_of({who: where for who, where in lives.items() if where}, place, tested),
    ]


def region_of(
    lives: Mapping[int, str], places: Sequence[Mapping[str, Any]], tested: Sequence[int]
) -> Division:
    """The level of regions that can be compared, with its groups of `LEAST` and more test rows alone."""
    if not lives:
        return Division("region", {}, missing="The bank holds no region of persons, nor of their branches.")
    names, larger = _names(places), {one["region_id"]: one["province"] for one in places if one["province"]}
    fine = {who: names.get(where, where) for who, where in lives.items()}
    coarse = {who: larger[where] for who, where in lives.items() if where in larger}
    tries = [("regions", fine, 0.5), ("larger regions", coarse, 0.0), ("regions", fine, 0.0)]
    for word, groups, share in tries:
        counts = Counter(groups[who] for who in tested if who in groups)
        large = {name for name, rows in counts.items() if rows >= LEAST}
        held = sum(counts[name] for name in large) / max(1, counts.total())
        if len(large) > 1 and held >= share:
            said = (
                f"{len(large)} of {len(counts)} {word} have {LEAST} or more test rows; they hold {held:.0%} "
                "of the rows and are compared."
            )
            return Division("region", {k: v for k, v in groups.items() if v in large}, said=said)
    most = Counter(fine[who] for who in tested if who in fine).most_common(1)
    why = f"Fewer than two regions{', or larger regions,' if coarse else ''} have {LEAST} or more test rows"
    return Division("region", {}, missing=f"{why}; the largest has {most[0][1] if most else 0}.")


def _names(places: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Regions by name; one whose name another has too keeps its code beside it."""
    often = Counter(one["name"] for one in places)
    return {
        one["region_id"]: one["name"] if often[one["name"]] == 1 else f"{one['name']} ({one['region_id']})"
        for one in places if one["name"]
    }  # fmt: skip


def _band(years: int) -> str:
    return next(name for limit, name in BANDS if years < limit)


def _sql(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
