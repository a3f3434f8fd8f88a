"""Integers wider than 64 bits for the kernels, as pairs of unsigned limbs.

Sums of squares overflow 64 bits after nine payments of 10⁹ minor units, and floats would depend on the
order of addition. Division rounds once, to the nearest double, ties to even. A leaf module: Numba is slow
to import. The division of 128 by 64 bits is Knuth's algorithm D as in Warren, "Hacker's Delight", 9-4.
"""

import math

import numba as nb
import numpy as np

from bankmine.windows.kernels.compiling import kernel, part, scalar

U = np.uint64
_LOW = U(0xFFFFFFFF)
_32 = U(32)
_ZERO, _ONE = U(0), U(1)
_EXACT = 1 << 53
_LOW_SQUARES, _FEW = U(1 << 43), U(1 << 20)  # their product fits 64 bits


@part
def magnitude(x):  # type: ignore[no-untyped-def]
    """|x| of a signed integer, unsigned."""
    return U(-x) if x < 0 else U(x)


@part
def multiply(a, b):  # type: ignore[no-untyped-def]
    """(low, high) of the product of two unsigned integers."""
    a0, a1 = a & _LOW, a >> _32
    b0, b1 = b & _LOW, b >> _32
    low = a0 * b0
    middle = a1 * b0 + (low >> _32)
    other = a0 * b1 + (middle & _LOW)
    return (other << _32) | (low & _LOW), a1 * b1 + (middle >> _32) + (other >> _32)


@part
def add(low, high, more_low, more_high):  # type: ignore[no-untyped-def]
    """The sum of two 128-bit integers."""
    total = low + more_low
    carry = _ONE if total < low else _ZERO
    return total, high + more_high + carry


@part
def subtract(low, high, less_low, less_high):  # type: ignore[no-untyped-def]
    """The difference of two 128-bit integers, the first not smaller."""
    borrow = _ONE if low < less_low else _ZERO
    return low - less_low, high - less_high - borrow


@scalar
def _leading_zeros(x):  # type: ignore[no-untyped-def]
    count = 0
    while x < U(1 << 63):
        x = x << _ONE
        count += 1
    return U(count)


@scalar
def _divide_half(high, part, d1, d0):  # type: ignore[no-untyped-def]
    """One 32-bit digit of the quotient and the remainder before the next digit."""
    digit = high // d1
    rest = high - digit * d1
    while digit > _LOW or digit * d0 > ((rest << _32) | part):
        digit -= _ONE
        rest += d1
        if rest > _LOW:
            break
    return digit


@scalar
def divide(high, low, divisor):  # type: ignore[no-untyped-def]
    """(quotient, remainder) of (high, low) by the divisor, where high < divisor."""
    if high == _ZERO:
        return low // divisor, low % divisor
    shift = _leading_zeros(divisor)
    divisor = divisor << shift
    d1, d0 = divisor >> _32, divisor & _LOW
    if shift > _ZERO:
        high = (high << shift) | (low >> (U(64) - shift))
        low = low << shift
    p1, p0 = low >> _32, low & _LOW
    first = _divide_half(high, p1, d1, d0)
    rest = (high << _32) + p1 - first * divisor
    second = _divide_half(rest, p0, d1, d0)
    remainder = ((rest << _32) + p0 - second * divisor) >> shift
    return (first << _32) + second, remainder


@scalar
def rounded_ratio(n2, n1, n0, divisor):  # type: ignore[no-untyped-def]
    """The double nearest to (n2, n1, n0) / divisor, ties to even."""
    l0, rest = n2 // divisor, n2 % divisor
    l1, rest = divide(rest, n1, divisor)
    l2, rest = divide(rest, n0, divisor)
    l3, rest = divide(rest, _ZERO, divisor)
    l4, rest = divide(rest, _ZERO, divisor)
    first = 0
    while first < 4 and l0 == _ZERO:
        l0, l1, l2, l3, l4 = l1, l2, l3, l4, _ZERO
        first += 1
    if l0 == _ZERO:
        return 0.0
    shift = _leading_zeros(l0)
    top = l0 << shift
    if shift > _ZERO:
        top |= l1 >> (U(64) - shift)
    sticky = rest != _ZERO or (l1 << shift) != _ZERO or (l2 | l3 | l4) != _ZERO
    mantissa = top >> U(11)
    tail = top & U(0x7FF)
    up = tail > U(0x400) or (tail == U(0x400) and (sticky or (mantissa & _ONE) == _ONE))
    if up:
        mantissa += _ONE
    return math.ldexp(float(mantissa), 64 * (2 - first) + 11 - int(shift))


@part
def ratio(above, below):  # type: ignore[no-untyped-def]
    """The double nearest to a signed integer over another; the second is not 0. Zero has no sign."""
    if above == 0:
        return 0.0
    if -_EXACT <= above <= _EXACT and -_EXACT <= below <= _EXACT:
        return float(above) / float(below)
    value = rounded_ratio(_ZERO, _ZERO, magnitude(above), magnitude(below))
    return -value if (above < 0) != (below < 0) else value


@part
def variance(count, total, low, high):  # type: ignore[no-untyped-def]
    """The sample variance (n·Σx² − (Σx)²) / (n·(n − 1)) of n ≥ 2 numbers, rounded once."""
    n = U(count)
    if high == _ZERO and low < _LOW_SQUARES and n < _FEW:
        size = magnitude(total)
        above, below = low * n - size * size, n * (n - _ONE)
        if above <= U(_EXACT):
            return float(above) / float(below)
        return rounded_ratio(_ZERO, _ZERO, above, below)
    n0, carry = multiply(low, n)
    n1, n2 = multiply(high, n)
    n1, n2 = add(n1, n2, carry, _ZERO)
    size = magnitude(total)
    square_low, square_high = multiply(size, size)
    borrow = _ONE if n0 < square_low else _ZERO
    n0 = n0 - square_low
    deep = _ONE if n1 < square_high or (n1 == square_high and borrow == _ONE) else _ZERO
    n1 = n1 - square_high - borrow
    n2 = n2 - deep
    divisor = n * (n - _ONE)
    if n2 == _ZERO and n1 == _ZERO and n0 <= U(_EXACT) and divisor <= U(_EXACT):
        return float(n0) / float(divisor)
    return rounded_ratio(n2, n1, n0, divisor)


_INTS = nb.types.Array(nb.int64, 1, "C", readonly=True)


@kernel(nb.float64[::1](_INTS, _INTS), allocates=True)
def ratios(numerators, denominators):  # type: ignore[no-untyped-def]
    """The double nearest to each numerator over its denominator; 0 where the denominator is 0."""
    result = np.zeros(numerators.size, np.float64)
    for i in range(numerators.size):
        above, below = numerators[i], denominators[i]
        if below == 0:
            continue
        result[i] = ratio(above, below)
    return result
