"""Naive twin = snapshot from bands = snapshot slid over = replay = online state, byte for byte.

Every example has a tie, a late event, a correction and a restart of the online state through a file.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from paths import differences, said_by_replay, said_by_snapshot, said_naively, said_online
from scenes import Scene, has_a_correction, has_a_late_event, has_a_tie, scenes

EXAMPLES, PARTS = 500, 4
NIGHT = int(os.environ.get("BANKMINE_NIGHTLY", "0"))
# Making a failing example smaller takes minutes; it is printed as it is (add Phase.shrink to look into one).
PHASES = (Phase.explicit, Phase.generate)
IN_MEMORY = Path("/dev/shm")  # states are synced to their file: thousands of times is too slow for a disk


def check(scene: Scene, place: Path) -> None:
    """Raises where one of the paths gives another bit than the naive twin."""
    rows = scene.stream
    expected = said_naively(scene, rows)
    wrong = differences("bands", said_by_snapshot(scene, rows, slide=False), expected)
    wrong += differences("slid", said_by_snapshot(scene, rows, slide=True), expected)
    wrong += differences("online", said_online(scene, place), expected)
    before, replayed = said_by_replay(scene)
    wrong += differences("replay", replayed, said_naively(scene, before))
    assert not wrong, wrong[:5]


def checked(examples: int, number: int) -> int:
    """Runs a number of examples, others for each `number`; how many there were."""
    seen = 0
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:

        @settings(
            max_examples=examples, deadline=None, database=None, phases=PHASES,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @seed(number)
        @given(scene=scenes())
        def run(scene: Scene) -> None:
            nonlocal seen
            assert has_a_tie(scene)
            assert has_a_late_event(scene)
            assert has_a_correction(scene)
            check(scene, Path(folder) / "state")
            seen += 1

        run()
    return seen


@pytest.mark.parametrize("part", range(PARTS))
def test_all_paths_give_the_same_bits(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    seen = checked(EXAMPLES, part)
    with capsys.disabled():
        print(f" parity: {seen} examples ", end="")
    assert seen >= EXAMPLES
    assert EXAMPLES * PARTS >= 2000


@pytest.mark.skipif(NIGHT == 0, reason="`make nightly` looks at a hundred thousand examples")
@pytest.mark.parametrize("part", range(NIGHT // 2500))
def test_all_paths_give_the_same_bits_all_night(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    seen = checked(2500, 1000 + part)
    with capsys.disabled():
        print(f" parity: {seen} examples ", end="")
