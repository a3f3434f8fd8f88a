"""Precision by decile of a tested list, with intervals; and what each question of the form is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.evaluation.intervals import mean_interval
from bankmine.mining.form.model import FormModel
from bankmine.tasks.contract import Floats, Ints, Truth

DECILES, LEAST_IN_ONE = 10, 20
PARTIAL_FORMS = 300


def by_decile(truth: Truth, score: Floats, groups: Ints, *, seed: int) -> list[dict[str, Any]]:
    """For each tenth of the list, best first: rows, share true with its interval, lift over the whole list.

    A list too short for tenths of 20 rows is shared out into fewer parts; `share` is the part's share of the
    list. Ties keep the order of the rows. Intervals resample whole groups.
    """
    order = np.argsort(-score, kind="stable")
    base = float(truth.mean())
    parts = max(1, min(DECILES, len(order) // LEAST_IN_ONE))
    found = []
    for number, part in enumerate(np.array_split(order, parts), start=1):
        seen = mean_interval(truth[part].astype(np.float64), groups=groups[part], random_state=seed)
        found.append(
            {
                "decile": number, "share": len(part) / len(order), "rows": len(part),
                "true": int(truth[part].sum()), "precision": seen.value,
                "low": seen.low, "high": seen.high, "lift": seen.value / base if base > 0 else float("nan"),
            }
        )  # fmt: skip
    return found


def question_worth(form: FormModel, forms: Any, *, seed: int) -> list[dict[str, Any]]:
    """The mean worth of each question over partial forms: real forms of which a random part is filled in.

    An answer that cannot stand in its field counts as not given. `first` is its worth as the first question
    of an empty form; `asked` how many forms lacked it.
    """
    draw = np.random.default_rng([seed, 5])
    names = [one.name for one in form.fields]
    fields = {one.name: one for one in form.fields}
    chosen = draw.permutation(forms.num_rows)[:PARTIAL_FORMS]
    rows = forms.select(names).take(np.sort(chosen)).to_pylist()
    total, bits, asked = (dict.fromkeys(names, 0.0) for _ in range(3))
    for row in rows:
        kept = draw.permutation(len(names))[: draw.integers(0, len(names))]
        given = {names[place]: row[names[place]] for place in kept}
        answer = form.answer({name: value for name, value in given.items() if fields[name].accepts(value)})
        for name, worth in answer.ask_next:
            total[name] += worth
            bits[name] += answer.information[name]
            asked[name] += 1
    first = dict(form.answer({}).ask_next)
    found = [
        {
            "field": one.name, "question": one.question, "worth": total[one.name] / max(asked[one.name], 1),
            "bits": bits[one.name] / max(asked[one.name], 1), "first": first[one.name],
            "asked": int(asked[one.name]),
        }
        for one in form.fields
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one["worth"], -one["bits"], one["field"]))
