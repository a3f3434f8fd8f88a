"""Each mutant of a kernel is noticed by every path named beside it; without an edit all paths agree.

The kernels run as plain Python here: compiling each mutant would take seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture import providers
from kernel_mutants import KERNEL_MUTANTS
from mutants import Mutant, mutated
from paths import said_naively
from scenes import FEATURES, Scene, scenes

from bankmine.windows.naive import naive_replay

SCENES = 1000
HELPERS = ("scenes", "paths", "worlds", "memory_warehouse")


@dataclass(frozen=True)
class Drawn:
    """A scene drawn from bankmine as it is, and what the naive twin says of it, found when asked for."""

    scene: Scene

    @property
    def places(self) -> list[int]:
        """Where its features are among all."""
        return [FEATURES[self.scene.table].index(feature) for feature in self.scene.features]

    @cached_property
    def expected(self) -> dict[str, list[Any]]:
        """What is right before each row of the stream."""
        return said_naively(self.scene, self.scene.stream)

    @cached_property
    def expected_replay(self) -> dict[str, list[Any]]:
        """What is right before each row of a replay."""
        return said_naively(
            self.scene, [dict(row) for row in naive_replay(self.scene.bank, self.scene.table)]
        )


@cache
def drawn_scenes() -> tuple[Drawn, ...]:
    """The scenes all mutants are shown, those with more features and rows first: the same in every process,
    so Hypothesis may not mix constants of the modules that happen to be imported into what it draws."""
    found = []

    @settings(max_examples=SCENES, deadline=None, database=None, phases=(Phase.generate,),
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @seed(5)
    @given(scene=scenes())
    def draw(scene: Scene) -> None:
        found.append(Drawn(scene))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "_get_local_constants", providers.Constants)
        providers.CONSTANTS_CACHE.cache.clear()
        draw()
        providers.CONSTANTS_CACHE.cache.clear()
    return tuple(
        sorted(found, key=lambda one: -len(one.scene.features) * len(one.scene.rows[one.scene.table]))
    )


@contextmanager
def showing(mutant: Mutant | None) -> Iterator[Any]:
    """Within, the paths run the mutant (None: no edit): what looks at a drawn scene along a path."""
    with mutated(mutant):
        kept = {name: sys.modules.pop(name) for name in HELPERS if name in sys.modules}
        try:
            import paths
            import scenes

            yield lambda drawn, path, place: _differences(drawn, path, place, paths, scenes)
        finally:
            for name in HELPERS:
                sys.modules.pop(name, None)
            sys.modules.update(kept)


def _differences(drawn: Drawn, path: str, place: Path, paths: Any, fresh: Any) -> list[str]:
    plain = drawn.scene
    features = tuple(fresh.FEATURES[plain.table][at] for at in drawn.places)
    scene = fresh.Scene(plain.table, plain.rows, features, plain.restart)
    if path == "online":
        return list(paths.differences(path, paths.said_online(scene, place), drawn.expected))
    if path == "replay":
        return list(paths.differences(path, paths.said_by_replay(scene)[1], drawn.expected_replay))
    said = paths.said_by_snapshot(scene, scene.stream, slide=path == "slid")
    return list(paths.differences(path, said, drawn.expected))


@pytest.mark.parametrize("mutant", KERNEL_MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    every = drawn_scenes()
    with showing(mutant) as differences:
        for path in mutant.noticed_by:
            assert any(_noticed(differences, drawn, path, tmp_path) for drawn in every), path


def _noticed(differences: Any, drawn: Drawn, path: str, place: Path) -> list[str]:
    """What a path says otherwise; that it stops is something else, too.

    Plain Python refuses numbers that wrap around in a compiled kernel: such a scene shows nothing.
    """
    try:
        found: list[str] = differences(drawn, path, place / "state")
    except OverflowError:
        return []
    except (AssertionError, IndexError, KeyError, ValueError) as error:
        return [f"{path} stops: {error!r}"]
    return found


def test_without_an_edit_all_paths_agree_in_plain_python(tmp_path: Path) -> None:
    every = drawn_scenes()
    with showing(None) as differences:
        for path in ("bands", "slid", "replay", "online"):
            assert not [one for drawn in every[:25] for one in _noticed(differences, drawn, path, tmp_path)]
