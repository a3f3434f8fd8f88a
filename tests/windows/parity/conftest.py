"""The helpers of the tests beside this folder serve here too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
