"""Quinlan's fourteen days (1986), the worked example of trees, of naive Bayes (Mitchell 1997) and of LEM2."""

import numpy as np
from numpy.typing import NDArray

NAMES = ("outlook", "temperature", "humidity", "wind")
DAYS = """
sunny hot high weak no
sunny hot high strong no
overcast hot high weak yes
rain mild high weak yes
rain cool normal weak yes
rain cool normal strong no
overcast cool normal strong yes
sunny mild high weak no
sunny cool normal weak yes
rain mild normal weak yes
sunny mild normal strong yes
overcast mild high strong yes
overcast hot normal weak yes
rain mild high strong no
"""


def days() -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """Texts of shape (14, 4), and whether tennis was played."""
    table = np.array([line.split() for line in DAYS.split("\n") if line])
    return table[:, :4], table[:, 4] == "yes"


def columns(times: int = 1) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """The days as 0/1 columns "outlook=sunny", …, each day `times` times, with label and names."""
    table, played = days()
    parts, names = [], []
    for place, name in enumerate(NAMES):
        for level in np.unique(table[:, place]):
            parts.append(np.tile(table[:, place] == level, times).astype(float))
            names.append(f"{name}={level}")
    return np.column_stack(parts), np.tile(played, times), names


def day(names: list[str], **values: str) -> NDArray[np.float64]:
    """One row of 0/1 columns for a day such as outlook="sunny", wind="strong"."""
    return np.array([[float(values.get(name.split("=")[0]) == name.split("=")[1]) for name in names]])
