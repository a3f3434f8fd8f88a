"""Fairness by group and by proxy: who is chosen, do chances hold in each group, what gives a group away?

Groups are read from the bank as it is known at the run's cutoff, when a validation asks for them; no run
keeps them. Persons only, with at most one test row each. Chosen are the tenth of the test rows with the
highest chances: what a list would work. Where a high chance works against the customer (credit), those are
the likely refused, and compared is who is approved: all others. A ratio below four fifths counts where it
is more than chance gives (Uniform Guidelines, section 4 D).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.evaluation.fairness import Fairness, Group, fairness
from bankmine.evaluation.grading import holm
from bankmine.evaluation.proxies import TELLING, Proxy, proxies
from bankmine.evaluation.validation import jeffreys
from bankmine.lifecycle.validation.findings import LEVEL, Chapter, Finding, Verdict, not_run, p_words
from bankmine.lifecycle.validation.groups import LEAST, Division, divisions
from bankmine.lifecycle.validation.stability import values_of
from bankmine.lifecycle.validation.subject import Subject
from bankmine.report.content import Block, Column, Kind, Table

SHARE = 0.1
AREA = "Fairness"


def fair(subject: Subject, warehouse: Warehouse, *, memory: str = "1GB", threads: int = 2) -> Chapter:
    """The same figures by gender, age and region, and the inputs that give a group away."""
    sentence = "By what the bank holds of persons; the score need not read it to depend on it."
    if not warehouse.has("customer"):
        why = "The bank has no table customer, so no groups are known."
        return Chapter(area=AREA, sentence=sentence, findings=[not_run("Groups", why)])
    compared = subject.owners[subject.alone].tolist()
    known = divisions(warehouse, subject.run.cutoff_us, compared, memory=memory, threads=threads)
    findings: list[Finding] = []
    blocks: list[Block] = []
    threshold = float(np.quantile(subject.probability[subject.alone], 1 - SHARE))
    for one in known:
        more, tables = _by(subject, one, threshold)
        findings += more
        blocks += tables
    return Chapter(area=AREA, sentence=sentence, findings=findings, blocks=blocks)


def _by(subject: Subject, division: Division, threshold: float) -> tuple[list[Finding], list[Table]]:
    """All that is found of one division: who is chosen, whether chances hold, what gives a group away."""
    word, name = division.word, "Approval" if subject.adverse else "Selection"
    found = None if division.missing else _compared(subject, division, threshold)
    if found is None:
        why = division.missing or f"Fewer than two groups by {word} have {LEAST} or more test rows."
        findings, tables = [not_run(f"{name} by {word}", why)], []
    else:
        findings = [_selection(division, found, subject.adverse), _calibrated(word, found)]
        tables = [_table(division, found, subject.adverse)]
    least = _least(found)
    if not division.member and least is None:
        return findings, tables
    member = division.member or str(least and least.name)
    more, proxied = _proxies(subject, division, member, division.members or f"those of {member}")
    return [*findings, *more], [*tables, *proxied]


def _least(found: Fairness | None) -> Group | None:
    """The large group of which the smallest share is chosen or approved."""
    large = [one for one in found.groups if one.selection_ratio is not None] if found else []
    return min(large, key=lambda one: (one.selected, one.name), default=None)


def _member(units: Any, division: Division) -> Any:
    """Each row's group, "" where it has none."""
    return np.array([division.of.get(one, "") for one in units.tolist()], dtype=str)


def _compared(subject: Subject, division: Division, threshold: float) -> Fairness | None:
    rows = subject.alone
    group = _member(subject.owners[rows], division)
    rows, group = rows[group != ""], group[group != ""]
    if sum(np.unique(group, return_counts=True)[1] >= LEAST) < 2:
        return None
    return fairness(subject.truth[rows], subject.probability[rows], group, threshold=threshold,
                    below=subject.adverse, least_rows=LEAST)  # fmt: skip


def _selection(division: Division, found: Fairness, adverse: bool) -> Finding:
    word, least = division.word, _least(found)
    test = f"{'Approval' if adverse else 'Selection'} by {word}"
    if found.least_ratio is None or found.least_p is None or least is None:
        return not_run(test, "Nobody is chosen, so shares cannot be compared.")
    chance = "" if found.four_fifths or found.least_p < LEVEL else " No more than chance gives so few rows."
    return Finding(
        test=test, figure=f"least ratio {found.least_ratio:.2f}",
        interval=f"{least.name}: {least.selected:.1%} ({least.selected_low:.1%} to "
        f"{least.selected_high:.1%}), {p_words(found.least_p)}",
        threshold="at least 0.80 (four fifths), or within chance",
        verdict=Verdict.MET if found.four_fifths or found.least_p >= LEVEL else Verdict.WATCH,
        meaning=" ".join(part for part in (_chosen(found, least, adverse) + chance, division.said) if part),
    )  # fmt: skip


def _chosen(found: Fairness, least: Group, adverse: bool) -> str:
    """Who is chosen or approved least, in a sentence; where chances tie, more or fewer than SHARE are."""
    taken = sum(one.chosen for one in found.groups) / sum(one.rows for one in found.groups)
    share = 1 - taken if adverse else taken
    if not adverse:
        return (
            f"Of {least.name} the smallest share is among the {share:.0%} chosen; whether that is wrong "
            "depends on what being chosen brings."
        )
    best = max(one.selected for one in found.groups if one.selection_ratio is not None)
    times = f"; it is refused {(1 - least.selected) / (1 - best):.1f} times as often as the group refused " \
        "least" if best < 1 and least.selected < best else ""  # fmt: skip
    return (
        f"Of {least.name} the smallest share is approved where the {share:.0%} of highest chances are not"
        f"{times}."
    )


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


def _table(division: Division, found: Fairness, adverse: bool) -> Table:
    word = division.word
    done = "Approved" if adverse else "Chosen"
    shares = ("Said on average", "Came true", done, f"{done}, low", f"{done}, high",
              f"{done} of those it came true of", f"{done} of the others")  # fmt: skip
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
    return Table(columns=columns, rows=rows, caption=f"By {word}", name=f"by-{word}", shown=20)


def _proxies(
    subject: Subject, division: Division, member: str, word: str
) -> tuple[list[Finding], list[Table]]:
    now = subject.evidence.part("now")
    group = _member(now.column("customer_id").fill_null(0).to_numpy(), division)
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
