"""Sets of applicants as boxes: one set of cells for each field, the cells as bits of an integer."""

from __future__ import annotations

from collections.abc import Iterator

Box = tuple[int, ...]


def intersection(one: Box, other: Box) -> Box | None:
    """The box of what is in both; None where nothing is."""
    both = []
    for mine, theirs in zip(one, other, strict=True):
        shared = mine & theirs
        if not shared:
            return None
        both.append(shared)
    return tuple(both)


def bits_of(mask: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def runs_of(mask: int) -> Iterator[tuple[int, int]]:
    """The first and last place of each run of bits that are set, lowest first."""
    place = 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        ones = (~mask & (mask + 1)).bit_length() - 1
        yield place + zeros, place + zeros + ones - 1
        mask >>= ones
        place += zeros + ones
