"""The helpers of the tests beside this folder serve here too."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(TESTS / "windows"), str(TESTS / "conformance")]
