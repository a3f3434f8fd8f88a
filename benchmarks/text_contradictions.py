"""CON: contradictions between text and fields, on phrases not seen while the rules were written.

Made-up applicants with fields (work, income, product) write what the loan is for; some texts also say where
the money comes from: in the simulator's claims (half b of its phrase bank; the rules were written with half
a), or a figure in a sentence of `text_claims.toml` (table heldout; the rules were written with table seen).
One in ten applicants says what contradicts a field. Counted by applicant: flagged or not, contradicting or
not; intervals are Wilson's.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.mining.text.contradictions import contradictions
from bankmine.simulation.streams import stream
from bankmine.simulation.texts import CLAIMS, PURPOSE_INTENTS, purpose_texts
from benchmarks.rows import Row

BAR = "by language: precision ≥ .8, recall ≥ .6, false alarms ≤ 2 % of applicants who contradict nothing"
USUAL, PLANTED = 4_200.0, 0.1
_WORK = ("employed", "self-employed", "not working")
_CLAIM_OF = {"employed": 1, "self-employed": 2, "not working": 3}
_KINDS = ("work", "income level", "income", "purpose")
_HAN = "零一二三四五六七八九"


def applicants(chinese: int, heldout: bool, count: int, seed: int) -> tuple[list[str], pa.Table, Any, Any]:
    """Texts, fields, whether each contradicts (count,), and by what: place in _KINDS or −1."""
    draw = stream(seed, chinese, f"contradictions {heldout}")
    work = draw.choice(3, count, p=(0.72, 0.16, 0.12))
    income = np.round(USUAL * np.exp(0.5 * draw.normal(size=count)), -1)
    planted = draw.random(count) < PLANTED
    kind = np.where(planted, draw.integers(0, len(_KINDS), count), -1)
    product = draw.choice(3, count, p=(0.2, 0.15, 0.65))  # car, home, free
    product = np.where(kind == 3, draw.integers(0, 2, count), product)
    intent = _intents(draw, product, kind)
    income = np.where(kind == 1, np.round(USUAL * draw.uniform(0.35, 0.8, count), -1), income)
    claim = _claims(draw, work, income, kind)
    texts = purpose_texts(draw, intent, chinese, int(heldout), claim=claim).to_pylist()
    says = (kind == 2) | ((kind < 0) & (draw.random(count) < 0.25))
    sentences = _sentences(chinese, heldout)
    for row in np.flatnonzero(says & ~np.isin(claim, (3, 4))):
        texts[row] = _with_income(draw, texts[row], sentences, income[row], bool(kind[row] == 2), chinese)
    lost = (kind == 2) & np.isin(claim, (3, 4))
    kind = np.where(lost, -1, kind)
    fields = pa.table(
        {
            "work": pa.array([_WORK[one] for one in work]),
            "stated_income": income,
            "usual_income": np.full(count, USUAL),
            "purpose": pa.array([("car", "home", None)[one] for one in product]),
        }
    )
    return texts, fields, kind >= 0, kind


def _intents(draw: Any, product: Any, kind: Any) -> Any:
    free = draw.integers(0, len(PURPOSE_INTENTS), product.size)
    own = np.where(product == 0, PURPOSE_INTENTS.index("car"), PURPOSE_INTENTS.index("home"))
    other = draw.integers(2, 7, product.size)  # neither home nor car, nothing risky
    return np.where(kind == 3, other, np.where(product < 2, own, free))


def _claims(draw: Any, work: Any, income: Any, kind: Any) -> Any:
    """Clean: three in ten say what is so. Contradicting: another work, or a high income where it is low."""
    true = np.array([_CLAIM_OF[name] for name in _WORK])[work]
    boast = (income > 2.3 * USUAL) & (draw.random(work.size) < 0.4)
    said = np.where(boast, CLAIMS.index("high income"), true)
    said = np.where(draw.random(work.size) < 0.3, said, 0)
    wrong = np.array([_CLAIM_OF[name] for name in _WORK])[(work + draw.integers(1, 3, work.size)) % 3]
    return np.where(kind == 0, wrong, np.where(kind == 1, CLAIMS.index("high income"), said))


def _sentences(chinese: int, heldout: bool) -> list[str]:
    raw = tomllib.loads(Path(__file__).with_name("text_claims.toml").read_text(encoding="utf-8"))
    return list(raw["heldout" if heldout else "seen"]["zh" if chinese else "en"])


def _with_income(draw: Any, text: str, sentences: list[str], income: float, wrong: bool, chinese: int) -> str:
    """A sentence with a figure before or after the text: within 8 % of the form, or 1.7 to 3 times off."""
    off = float(draw.uniform(1.7, 3.0))
    factor = (off if draw.random() < 0.7 else 1 / off) if wrong else float(draw.uniform(0.92, 1.08))
    sentence = sentences[int(draw.integers(len(sentences)))]
    times = 12 if "{year}" in sentence else 12 / 52 if "{week}" in sentence else 1
    value = float(income) * factor * times
    said = re.sub(r"\{\w+\}", "{}", sentence).format(_written(draw, value, chinese))
    joint = "。" if chinese else ". "
    return f"{said}{joint}{text}" if draw.random() < 0.5 else f"{text.rstrip('. 。')}{joint}{said}"


def _written(draw: Any, value: float, chinese: int) -> str:
    """A figure as people write it, to two or three digits."""
    step = 100 if value < 20_000 else 1_000
    whole = int(max(step, round(value / step) * step))
    style = int(draw.integers(4))
    if not chinese:
        return (f"{whole:,}", f"{whole}", f"${whole:,}", f"{whole / 1000:g}k")[style]
    return (
        f"{whole}",
        f"{whole}元",
        _han(whole),
        f"{whole / 10_000:g}万" if whole >= 10_000 else f"{whole}块",
    )[style]


def _han(whole: int) -> str:
    """一万二, 八千五, 十五万."""
    above, below = divmod(whole, 10_000)
    thousand, hundred = divmod(below // 100, 10)
    text = ""
    if above:
        ten, one = divmod(above, 10)
        text = ("" if ten <= 1 else _HAN[ten]) + ("十" if ten else "") + (_HAN[one] if one else "") + "万"
    if thousand:
        text += _HAN[thousand] + ("千" if not above or hundred else "")
    if hundred:
        text += (
            ("零" if above and not thousand else "")
            + _HAN[hundred]
            + ("" if thousand and not above else "百")
        )
    return text


def measured(chinese: int, heldout: bool, count: int, seed: int) -> dict[str, Any]:
    """Precision, recall and false alarms with Wilson's intervals, and recall by kind."""
    texts, fields, truth, kind = applicants(chinese, heldout, count, seed)
    found = contradictions(texts, fields)["contradictions"].to_numpy() > 0
    hits, alarms = int((found & truth).sum()), int((found & ~truth).sum())
    return {
        "precision": _wilson(hits, hits + alarms),
        "recall": _wilson(hits, int(truth.sum())),
        "false_alarms": _wilson(alarms, int((~truth).sum())),
        "recall_by_kind": {
            name: round(float(found[kind == place].mean()), 3) for place, name in enumerate(_KINDS)
        },
    }


def _wilson(part: int, whole: int) -> list[float]:
    """Share with its 95 % interval (Wilson 1927)."""
    z, n = 1.96, max(whole, 1)
    share = part / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [round(share, 4), round(float(middle - half), 4), round(float(middle + half), 4)]


def run(count: int = 8_000) -> Row:
    """The row: held-out phrases."""
    found = {name: measured(place, True, count, 29) for place, name in enumerate(("en", "zh"))}
    seen = {name: measured(place, False, count, 29) for place, name in enumerate(("en", "zh"))}
    met = all(
        one["precision"][0] >= 0.8 and one["recall"][0] >= 0.6 and one["false_alarms"][0] <= 0.02
        for one in found.values()
    )
    return Row(
        row="CON",
        bankmine=found,
        reference={"phrases the rules were written with": seen},
        bar=BAR,
        met=met,
        protocol=f"{count:,} made-up applicants a language, one in ten contradicting a field",
        versions=("rjieba", "numpy", "pyarrow"),
    )


def main() -> None:
    """Prints the row; with --seen what the rules get wrong on the phrases they were written with."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=8_000)
    asked.add_argument("--seen", action="store_true")
    options = asked.parse_args()
    if not options.seen:
        print(run(options.count).line())
        return
    for chinese in (0, 1):
        print(measured(chinese, False, options.count, 3))
        texts, fields, truth, kind = applicants(chinese, False, options.count, 3)
        table = contradictions(texts, fields)
        count, evidence = table["contradictions"].to_numpy() > 0, table["evidence"].to_pylist()
        for row in np.flatnonzero(count & ~truth)[:14]:
            print("ALARM", texts[row], evidence[row], fields.slice(row, 1).to_pylist())
        for row in np.flatnonzero(~count & truth)[:14]:
            print("MISSED", _KINDS[kind[row]], texts[row], fields.slice(row, 1).to_pylist())


if __name__ == "__main__":
    main()
