"""Fairness by group and by proxy: who is chosen, do chances hold in each group, what gives a group away?

Groups are read from the bank as it is known at the run's cutoff, when a validation asks for them; no run
keeps them. Persons only, with at most one test row each. Chosen are the tenth of the test rows with the
highest chances: what a list would work.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.evaluation.fairness import Fairness, fairness
from bankmine.evaluation.grading import holm
from bankmine.evaluation.proxies import TELLING, Proxy, proxies
from bankmine.evaluation.validation import jeffreys
from bankmine.lifecycle.validation.findings import LEVEL, Chapter, Finding, Verdict, not_run, p_words
from bankmine.lifecycle.validation.stability import values_of
from bankmine.lifecycle.validation.subject import Subject
from bankmine.report.content import Block, Column, Kind, Table

SHARE, LEAST = 0.1, 100
AREA = "Fairness"
BANDS = ((30, "under 30"), (45, "30 to 44"), (60, "45 to 59"), (999, "60 and more"))


def fair(subject: Subject, warehouse: Warehouse, *, memory: str = "1GB", threads: int = 2) -> Chapter:
    """The same figures by gender and age band, and the inputs that tell gender or old age."""
    sentence = "By what the bank holds of persons; the score need not read it to depend on it."
    if not warehouse.has("customer"):
        why = "The bank has no table customer, so no groups are known."
        return Chapter(area=AREA, sentence=sentence, findings=[not_run("Groups", why)])
    known = _groups(warehouse, subject.run.cutoff_us, memory, threads)
    findings: list[Finding] = []
    blocks: list[Block] = []
    threshold = float(np.quantile(subject.probability[subject.alone], 1 - SHARE))
    for word, place in (("gender", 0), ("age", 1)):
        found = _compared(subject, known, place, threshold)
        if found is None:
            why = f"Fewer than two groups by {word} have {LEAST} or more test rows."
            findings.append(not_run(f"Selection by {word}", why))
            continue
        findings += [_selection(word, found), _calibrated(word, found)]
        blocks.append(_table(word, found))
    for word, member, place in (("women", "female", 0), ("those of 60 and more", BANDS[-1][1], 1)):
        more, table = _proxies(subject, known, word, member, place)
        findings += more
        blocks += table
    return Chapter(area=AREA, sentence=sentence, findings=findings, blocks=blocks)


def _groups(
    warehouse: Warehouse, cutoff: int, memory: str, threads: int
) -> dict[int, tuple[str | None, str | None]]:
    """Gender and age band of each person, None where not stated."""
    from bankmine.engine.session import Session

    statement = (Path(__file__).parent / "groups.sql").read_text(encoding="utf-8")
    with Session(warehouse, cutoff, until=cutoff, memory=memory, threads=threads) as session:
        rows = session.arrow(statement).to_pylist()
    year = date.fromisoformat(warehouse.zone.show(cutoff)[:10]).year
    return {
        row["customer_id"]: (row["gender"], _band(row["birth_year"], year))
        for row in rows if row["kind"] == "person"
    }  # fmt: skip


def _band(born: int | None, year: int) -> str | None:
    return None if born is None else next(name for limit, name in BANDS if year - born < limit)


def _member(units: Any, known: dict[int, Any], place: int) -> Any:
    """Each row's group, "" where it has none."""
    return np.array([(known.get(one, (None, None))[place] or "") for one in units.tolist()], dtype=str)


def _compared(subject: Subject, known: dict[int, Any], place: int, threshold: float) -> Fairness | None:
    rows = subject.alone
    group = _member(subject.units[rows], known, place)
    rows, group = rows[group != ""], group[group != ""]
    if sum(np.unique(group, return_counts=True)[1] >= LEAST) < 2:
        return None
    return fairness(subject.truth[rows], subject.probability[rows], group, threshold=threshold,
                    least_rows=LEAST)  # fmt: skip


def _selection(word: str, found: Fairness) -> Finding:
    large = [one for one in found.groups if one.selection_ratio is not None]
    least = min(large, key=lambda one: one.selected, default=None)
    if found.least_ratio is None or least is None:
        return not_run(f"Selection by {word}", "Nobody is chosen, so shares cannot be compared.")
    return Finding(
        test=f"Selection by {word}", figure=f"least ratio {found.least_ratio:.2f}",
        interval=f"{least.name}: {least.selected:.1%} ({least.selected_low:.1%} to "
        f"{least.selected_high:.1%})",
        threshold="at least 0.80 (four fifths)",
        verdict=Verdict.MET if found.four_fifths else Verdict.WATCH,
        meaning=f"Of {least.name} the smallest share is among the {SHARE:.0%} chosen; whether that is wrong "
        "depends on what being chosen brings.",
    )  # fmt: skip


def _calibrated(word: str, found: Fairness) -> Finding:
    large = [one for one in found.groups if one.rows >= LEAST]
    sided = [jeffreys(one.positives, one.rows, one.mean_probability) for one in large]
    corrected = holm([min(1.0, 2 * min(p, 1 - p)) for p in sided])
    off = [one.name for one, p in zip(large, corrected, strict=True) if p < LEVEL]
    return Finding(
        test=f"Chances by {word}", figure=f"{len(off)} of {len(large)} groups off",
        interval=f"least {p_words(min(corrected))}", threshold="p at least 0.05 in each, corrected (Holm)",
        verdict=Verdict.WATCH if off else Verdict.MET,
        meaning=f"What came true differs from what was said for {', '.join(off)}." if off
        else "In no group is it proved that what came true differs from what was said.",
    )  # fmt: skip


def _table(word: str, found: Fairness) -> Table:
    shares = ("Said on average", "Came true", "Chosen", "Chosen, low", "Chosen, high",
              "Chosen of those it came true of", "Chosen of the others")  # fmt: skip
    columns = [
        Column(label=word.capitalize()), Column(label="Customers", kind=Kind.NUMBER, digits=0),
        *[Column(label=one, kind=Kind.SHARE) for one in shares],
        *[Column(label=one, kind=Kind.NUMBER, digits=3) for one in ("AUC", "AUC, low", "AUC, high")],
    ]  # fmt: skip
    rows = [
        [one.name, one.rows, one.mean_probability, one.observed, one.selected, one.selected_low,
         one.selected_high, one.true_positive_rate, one.false_positive_rate,
         *((one.auc.value, one.auc.low, one.auc.high) if one.auc else (None, None, None))]
        for one in found.groups
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, caption=f"By {word}", name=f"by-{word}")


def _proxies(
    subject: Subject, known: dict[int, Any], word: str, member: str, place: int
) -> tuple[list[Finding], list[Table]]:
    now = subject.evidence.part("now")
    group = _member(now.column("customer_id").fill_null(0).to_numpy(), known, place)
    stated = group != ""
    inside = group[stated] == member
    if min(int(inside.sum()), int((~inside).sum())) < LEAST // 2:
        return [not_run(f"Proxies of {word}", f"Too few of {word} are known among the rows scored.")], []
    names = ("probability", *subject.evidence.features)
    found = {one.name: one for one in proxies(inside, {n: values_of(now, n)[stated] for n in names})}
    score = found.pop("probability")
    telling = [one for one in found.values() if one.tells >= TELLING]
    return [_told(word, score), _telling(word, telling, len(found))], [
        _proxy_table(word, list(found.values()))
    ]


def _told(word: str, score: Proxy) -> Finding:
    return Finding(
        test=f"Does the score tell {word}?", figure=f"AUC {score.tells:.3f}", threshold=f"below {TELLING}",
        verdict=Verdict.MET if score.tells < TELLING else Verdict.WATCH,
        meaning="0.5 would be a score that knows nothing of the group.",
    )  # fmt: skip


def _telling(word: str, telling: list[Proxy], of: int) -> Finding:
    names = ", ".join(one.name for one in telling[:3])
    return Finding(
        test=f"Proxies of {word}", figure=f"{len(telling)} of {of} inputs",
        threshold=f"none at {TELLING} or more",
        verdict=Verdict.WATCH if telling else Verdict.MET,
        meaning=f"A person should look at {names}." if telling
        else "No weighty input alone gives the group away.",
    )  # fmt: skip


def _proxy_table(word: str, found: list[Proxy]) -> Table:
    columns = [Column(label="Input"), Column(label="AUC for the group", kind=Kind.NUMBER, digits=3)]
    return Table(columns=columns, rows=[[one.name, one.tells] for one in found], shown=10,
                 caption=f"How well each input alone tells {word}",
                 name=f"proxies-of-{word.replace(' ', '-')}")  # fmt: skip
