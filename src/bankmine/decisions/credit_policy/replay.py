"""Stored decisions taken again: with the policy of their day byte for byte, with another to see what would
change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.log import Log, seen, to_bytes, with_answers
from bankmine.decisions.credit_policy.policy import OUTCOMES, Policy
from bankmine.errors import UsageError
from bankmine.listing import Listing


@dataclass(frozen=True)
class Replayed:
    """How many decisions were taken again, how many parts of the log came out byte-equal, which did not."""

    decisions: int
    parts: int
    different: tuple[int, ...]
    policies: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The replay in lines for people."""
        yield (
            f"{self.decisions:,} decisions in {self.parts} parts replayed with the {len(self.policies)} "
            f"policies of their day ({', '.join(self.policies)})."
        )
        yield (
            "Every part is equal to the last byte." if not self.different
            else f"{len(self.different)} decisions come out otherwise, the first is {self.different[0]}."
        )  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """What another policy would have decided: counts by (then, now) and by reason, and the ids that
    change.
    """

    policy: Policy
    counts: Mapping[tuple[str, str], int]
    reasons: Mapping[tuple[str, str], int]
    ids: tuple[int, ...] = field(default=())

    @property
    def decisions(self) -> int:
        """How many were looked at."""
        return sum(self.counts.values())

    def lines(self) -> Iterator[str]:
        """The changes in lines for people."""
        moved = sum(count for (then, now), count in self.counts.items() if then != now)
        yield (
            f"{self.policy.name}, version {self.policy.version}, would change the outcome of {moved:,} of "
            f"{self.decisions:,} decisions."
        )
        rows = tuple(
            (f"then {then}", *(self.counts.get((then, now), 0) for now in OUTCOMES)) for then in OUTCOMES
        )
        yield from Listing(("", *(f"now {now}" for now in OUTCOMES)), rows).lines()
        why = sorted(self.reasons.items(), key=lambda one: (-one[1], one[0]))[:5]
        yield from (f"{count:,} × {then} → {now}" for (then, now), count in why)


def replay(log: Log) -> Replayed:
    """Takes every stored decision again with its own policy and compares the files' bytes."""
    deciders: dict[str, Decider] = {}
    different: list[int] = []
    for part in log.parts:
        table, content = log.read(part)
        decider = deciders.setdefault(part.policy, Decider(log.policy(part.policy)))
        again = with_answers(table, decider.decide_all(seen(table)))
        if hashlib.sha256(to_bytes(again)).digest() != hashlib.sha256(content).digest():
            ids = np.asarray(table.column("decision_id").to_numpy())
            same = np.array([a == b for a, b in zip(table.to_pylist(), again.to_pylist(), strict=True)])
            different.extend(ids[~same].tolist() or ids[:1].tolist())
    return Replayed(
        log.decisions, len(log.parts), tuple(different), tuple(dict.fromkeys(p.policy for p in log.parts))
    )


def changed_by(log: Log, policy: Policy) -> Changed:
    """What `policy` would have decided of everything stored.

    UsageError where it looks at a field that was not kept with the decisions.
    """
    decider = Decider(policy)
    counts: dict[tuple[str, str], int] = {}
    reasons: dict[tuple[str, str], int] = {}
    ids: list[int] = []
    for part, table in log.tables():
        facts = seen(table)
        absent = [one.name for one in policy.fields if one.name not in facts.column_names]
        if absent:
            raise UsageError(
                f"decisions from {part.first} on were kept without {absent[0]!r}",
                hint="Only a policy over kept fields can be replayed on them.",
            )
        now = decider.decide_all(facts)
        pairs = zip(*(one.column("outcome").to_pylist() for one in (table, now)), strict=True)
        whys = zip(*(one.column("reason").to_pylist() for one in (table, now)), strict=True)
        number = table.column("decision_id").to_pylist()
        for then_now, why, one in zip(pairs, whys, number, strict=True):
            counts[then_now] = counts.get(then_now, 0) + 1
            if then_now[0] != then_now[1]:
                reasons[why] = reasons.get(why, 0) + 1
                ids.append(one)
    return Changed(policy, counts, reasons, tuple(ids))
