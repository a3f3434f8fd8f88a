"""The mutant "label under another name": what a feature list smuggles in is the label, renamed.

The planted-leak test of a run must name it, whatever it is called and although it is a little blurred; and
a planted-leak test made blind must let it pass, or this case would prove nothing.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from mutants import SMUGGLED_LABEL_UNSEEN, mutated

ROWS, NAME = 2_000, "days_since_last_letter"


def material(*, smuggled: bool) -> Any:
    """Rows whose features know nothing of the label, but for the smuggled one."""
    from bankmine.lifecycle.material import Material

    draw = np.random.default_rng(7)
    truth = draw.uniform(size=ROWS) < 0.3
    columns = {f"noise_{place}": draw.normal(size=ROWS) for place in range(4)}
    columns[NAME] = 40.0 * truth * smuggled + draw.normal(size=ROWS)
    return Material(
        rows=pa.table({"cutoff": pa.array(np.zeros(ROWS, np.int64), pa.timestamp("us", "UTC"))}),
        features=pa.table(columns), names=tuple(columns), units=dict.fromkeys(columns, "days"),
        sentences=dict.fromkeys(columns, ""), truth=truth, known_at=np.zeros(ROWS, np.int64),
    )  # fmt: skip


def planted_leak_test(*, smuggled: bool) -> Any:
    """The run's own planted-leak test over these rows."""
    from bankmine.lifecycle import honesty

    bank: Any = SimpleNamespace(seed=0)
    return honesty._planted(bank, material(smuggled=smuggled), np.arange(ROWS))


def test_a_label_under_another_name_stops_the_run() -> None:
    from bankmine.errors import LeakError

    with pytest.raises(LeakError, match=NAME):
        planted_leak_test(smuggled=True)


def test_features_that_know_nothing_pass() -> None:
    assert planted_leak_test(smuggled=False).passed


def test_a_blind_test_would_let_the_label_under_another_name_pass() -> None:
    with mutated(SMUGGLED_LABEL_UNSEEN):
        assert planted_leak_test(smuggled=True).passed
