"""Where the data made by others lie, and the marker for tests that need them."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """The folder of one data set; skips the test with a reason where it is absent."""
    folder = SHARED_DATA / name
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is not beside the project (looked in {SHARED_DATA})")
    return folder
