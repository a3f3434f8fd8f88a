"""Wide integers and their division agree with Python's integers and fractions, to the last bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bankmine.windows.kernels import limbs

LARGEST = 2**63 - 1
thorough = settings(max_examples=400, deadline=None, derandomize=True)
wholes = st.one_of(st.integers(-LARGEST, LARGEST), st.integers(-10, 10), st.integers(2**53 - 2, 2**53 + 2))


def array(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


@thorough
@given(above=wholes, below=st.integers(1, LARGEST) | st.integers(1, 9))
@example(above=2**53 + 1, below=1)
@example(above=2**62 + 2**9 - 1, below=1)
@example(above=LARGEST, below=2**62 + 1)
def test_a_ratio_is_the_nearest_double(above: int, below: int) -> None:
    assert limbs.ratios(array(above), array(below))[0] == float(Fraction(above, below))


@thorough
@given(numbers=st.lists(st.integers(-(2**58), 2**58) | st.integers(-3, 3), min_size=2, max_size=12))
@example(numbers=[10**9] * 9)
@example(numbers=[-(2**58), 2**58, 2**58 - 1])
def test_a_variance_is_the_nearest_double(numbers: list[int]) -> None:
    squares = sum(number**2 for number in numbers)
    low, high = np.uint64(squares & (2**64 - 1)), np.uint64(squares >> 64)
    mean = Fraction(sum(numbers), len(numbers))
    exact = sum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)
    assert limbs.variance(np.int64(len(numbers)), np.int64(sum(numbers)), low, high) == float(exact)


def test_nothing_divided_by_zero_is_zero_and_masked_elsewhere() -> None:
    assert limbs.ratios(array(5), array(0))[0] == 0
