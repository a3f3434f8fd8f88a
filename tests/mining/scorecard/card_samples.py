"""Applicants made up to be awkward: codes among values, texts with commas and quotes, gaps, whole numbers."""

from typing import Any

import numpy as np
import pyarrow as pa

JOBS = [
    "clerk", "nurse, night shift", 'the "boss"', "missing", "unseen", "special offer", "", " blank ",
    "O'Brien", "教师", "line\nbreak", "a  5 6 b", "back\\slash", "12",
]  # fmt: skip
SPECIAL = {"income": {"refused": [-999], "not asked, closed": [-998, 99999.5]}, "job": {"none": ["n/a (b)"]}}


def applicants(rows: int = 4000, seed: int = 0) -> tuple[pa.Table, Any]:
    """Six columns that say something of the label, and the label (True = bad)."""
    draw = np.random.default_rng(seed)
    income = np.round(draw.lognormal(7.5, 0.6, rows), 1)
    age = draw.integers(18, 80, rows).astype(float)
    use = draw.normal(0, 1e-7, rows)
    job = draw.choice([*JOBS, "n/a (b)"], rows)
    district = draw.integers(1, 9, rows).astype(float)
    held = draw.integers(0, 2, rows).astype(float)
    risk = (
        -1.2 - 0.6 * (np.log(income) - 7.5) - 0.02 * (age - 45) + 3e6 * use
        + 0.5 * np.isin(job, JOBS[:5]) + 0.15 * district - 0.7 * held
    )  # fmt: skip
    bad = draw.random(rows) < 1 / (1 + np.exp(-risk))
    income[draw.random(rows) < 0.06] = -999
    income[draw.random(rows) < 0.04] = -998
    income[draw.random(rows) < 0.05] = np.nan
    table = pa.table(
        {
            "income": pa.array(income, mask=np.isnan(income)),
            "age": age, "use of limit": use,
            "job": pa.array(job, mask=draw.random(rows) < 0.03),
            "district": district, "holds account": held,
        }
    )  # fmt: skip
    return table, bad


def settings(**changes: Any) -> dict[str, Any]:
    """Settings that keep all six columns, with special codes and numbers as categories."""
    columns = {
        "income": {"special": SPECIAL["income"], "max_bins": 8},
        "job": {"special": SPECIAL["job"], "rare_share": 0.0},
        "district": {"categorical": True},
    }
    return {"columns": columns, "select": "all", "least_information": 0.0, "most_correlated": 1.0, **changes}


def awkward_values(card: Any, table: pa.Table, seed: int = 1) -> dict[str, list[Any]]:
    """For each column of the card: every edge and its neighbours, every code and level, gaps, strangers."""
    draw = np.random.default_rng(seed)
    found: dict[str, list[Any]] = {}
    for binning in card.binnings_:
        codes = [code for _, codes in binning.specials for code in codes]
        levels = [level for group in binning.groups for level in group]
        if binning.is_text:
            found[binning.name] = [None, "stranger", "Missing", "none", *codes, *levels]
            continue
        exact = [*(binning.edges or ()), *codes, *levels, 0.0, -0.0]
        near = [float(np.nextafter(value, way)) for value in exact for way in (-np.inf, np.inf)]
        far = [1e300, -1e300, 5e-324, 1e9, -1e9]
        known = table.column(binning.name).to_numpy(zero_copy_only=False)
        spread = draw.uniform(np.nanmin(known), np.nanmax(known), 200).tolist()
        found[binning.name] = [float("nan"), *exact, *near, *far, *spread]
    return found


def random_rows(values: dict[str, list[Any]], rows: int, seed: int = 2) -> tuple[pa.Table, dict[str, Any]]:
    """A table drawn from those values, and for each column the position drawn in each row."""
    draw = np.random.default_rng(seed)
    places = {name: draw.integers(0, len(listed), rows) for name, listed in values.items()}
    columns = {}
    for name, listed in values.items():
        kind = pa.string() if any(isinstance(one, str) for one in listed) else pa.float64()
        columns[name] = pa.array(listed, kind).take(pa.array(places[name]))
    return pa.table(columns), places
