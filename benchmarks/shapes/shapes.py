"""The eight shapes: what is looked at, how it is standardised, and how the distance is measured.

Sets differ in currency, decade and size of the sample, so each shape is put on a scale of its own by one
number and by nothing else: amounts and balances are divided by the set's median, counts and lengths by their
mean. The spread is left as it is, although dividing by it too would bring all sets closer together: a bank
whose amounts differ three times as much as real ones does not look real. The Kolmogorov–Smirnov distance does
not change when both samples go through the same rising function, so logarithms make no difference to it and
are used in the pictures alone.

Whole numbers are spread evenly over their unit (three payments lie anywhere between three and four, a run of
two days between one and two), since after division by different means the steps of the numbers, not their
shape, would be compared. A shape with two parts has the larger distance of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.shapes.bookings import Bookings, Floats, Ints, month_starts, months

LEAST_GAPS = 10  # an account's own mean gap is known from so many
DRAWN_ACCOUNTS, DRAWN_PAYMENTS, DRAWS = 50, 30, 40  # concentration: equal samples of every set
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Curve:
    """A rising curve from 0 to 1: a sample's distribution function (`x` sorted sample, `y` None), or shares
    cumulated over places all sets have (`x` places, `y` cumulated)."""

    x: Floats
    y: Floats | None = None

    def at(self, places: Floats) -> Floats:
        """The curve's height at places."""
        if self.y is None:
            return np.searchsorted(self.x, places, side="right") / self.x.size
        return np.interp(places, self.x, self.y)


@dataclass(frozen=True)
class Shape:
    """A named shape; `parts` are its curves' names, `axis` what their x is, `standard` how it is
    standardised. `curves` gives one curve a part, or None where the set cannot show it."""

    name: str
    parts: tuple[str, ...]
    axis: tuple[str, ...]
    standard: str
    curves: Callable[[Bookings], tuple[Curve, ...] | None]
    timed: bool = False  # where one of two sets knows days only, both are taken so


def distance(one: Curve, other: Curve) -> float:
    """Kolmogorov–Smirnov: the largest difference in height."""
    places = np.union1d(one.x, other.x)
    return float(np.abs(one.at(places) - other.at(places)).max())


def between(shape: Shape, one: Bookings, other: Bookings) -> list[float] | None:
    """The distance of each part of a shape, or None where either set cannot show it."""
    found = pair(shape, one, other)
    return None if found is None else [distance(a, b) for a, b in zip(*found, strict=True)]


def pair(shape: Shape, one: Bookings, other: Bookings) -> tuple[tuple[Curve, ...], tuple[Curve, ...]] | None:
    """Both sets' curves, at the resolution in time of the coarser."""
    if shape.timed and one.dated != other.dated:
        one, other = (each if each.dated else each.spread() for each in (one, other))
    mine, theirs = shape.curves(one), shape.curves(other)
    return None if mine is None or theirs is None else (mine, theirs)


def _sample(values: Floats) -> Curve:
    return Curve(np.sort(values))


def _profile(shares: Floats) -> Curve:
    """Shares over places 1, 2 …, cumulated."""
    return Curve(np.arange(1.0, shares.size + 1), np.cumsum(shares) / shares.sum())


def _unit(values: Ints) -> Floats:
    """Whole numbers spread over the unit that begins with them."""
    return np.asarray(values + np.random.default_rng(11).random(values.size))


def _amounts(these: Bookings) -> tuple[Curve, ...]:
    return (_sample(these.cents / np.median(these.cents)),)


def _counts(these: Bookings) -> tuple[Curve, ...]:
    first, last = int(months(these.begins).min()), int(months(these.ends).max())
    width = last - first + 1
    grid = np.bincount(these.account * width + months(these.day) - first, minlength=these.accounts * width)
    starts = month_starts(np.arange(first, last + 2))
    whole = (starts[:-1] >= these.begins[:, None]) & (starts[1:] <= these.ends[:, None])
    spread = _unit(grid.reshape(-1, width)[whole])
    return (_sample(spread / spread.mean()),)


def _balances(these: Bookings) -> tuple[Curve, ...] | None:
    return (_sample(these.balances / np.median(these.balances)),) if these.balances.size else None


def _gaps(these: Bookings) -> tuple[Curve, ...]:
    same = these.account[1:] == these.account[:-1]
    owner, gap = these.account[1:][same], np.diff(these.second)[same].astype(np.float64)
    number = np.bincount(owner, minlength=these.accounts)
    mean = np.bincount(owner, gap, minlength=these.accounts) / np.maximum(number, 1)
    keep = (number[owner] >= LEAST_GAPS) & (mean[owner] > 0)
    return (_sample(gap[keep] / mean[owner][keep]),)


def _rhythm(these: Bookings) -> tuple[Curve, ...]:
    window = np.arange(these.begins.min(), these.ends.max())
    found = []
    for place, size in ((_weekday, 7), (_to_month_end, 31)):
        booked = np.bincount(place(these.day), minlength=size)
        possible = np.bincount(place(window), minlength=size)
        found.append(_profile(booked / np.maximum(possible, 1)))
    return tuple(found)


def _weekday(day: Ints) -> Ints:
    return (day + 3) % 7  # 1 January 1970 was a Thursday


def _to_month_end(day: Ints) -> Ints:
    """0 is the 31st day before a month's last, 30 the last."""
    return 30 - (month_starts(months(day) + 1) - 1 - day)


def _kinds(these: Bookings) -> tuple[Curve, ...] | None:
    if len(these.kinds) < 2:
        return None
    share = np.sort(np.bincount(these.kind, minlength=12))[::-1]
    return (_profile(share.astype(np.float64)),)


def _concentration(these: Bookings) -> tuple[Curve, ...] | None:
    bought = np.flatnonzero(these.cards & (these.shop >= 0))
    number = np.bincount(these.account[bought], minlength=these.accounts)
    able = np.flatnonzero(number >= DRAWN_PAYMENTS)
    if able.size < DRAWN_ACCOUNTS:
        return None
    draw, grid = np.random.default_rng(5), np.linspace(0, 1, 201)
    first = np.cumsum(number) - number
    total = np.zeros(grid.size)
    for _ in range(DRAWS):
        chosen = draw.choice(able, DRAWN_ACCOUNTS, replace=False)
        places = [first[one] + draw.choice(number[one], DRAWN_PAYMENTS, replace=False) for one in chosen]
        visits = np.unique(these.shop[bought[np.concatenate(places)]], return_counts=True)[1]
        share = np.append(0.0, np.cumsum(np.sort(visits)[::-1]) / visits.sum())
        total += np.interp(grid, np.linspace(0, 1, share.size), share)
    return (Curve(grid, total / DRAWS),)


def _runs(these: Bookings) -> tuple[Curve, ...]:
    """Days in a row with and without a booking; runs cut by the ends of the view are left out."""
    active = np.unique(these.account * 2**32 + these.day)
    owner, day = active >> 32, active & (2**32 - 1)
    breaks = (owner[1:] != owner[:-1]) | (day[1:] != day[:-1] + 1)
    begin, end = np.append(True, breaks), np.append(breaks, True)
    owner, first, last = owner[begin], day[begin], day[end]
    inside = (first > these.begins[owner]) & (last < these.ends[owner] - 1)
    same = owner[1:] == owner[:-1]
    idle = (first[1:] - last[:-1] - 1)[same]
    lengths = (_unit((last - first)[inside]), _unit(idle - 1))
    return tuple(_sample(length / length.mean()) for length in lengths)


SHAPES = (
    Shape("amounts", ("amounts",), ("times the median",), "divided by the set's median", _amounts),
    Shape("transactions per account and month", ("counts",), ("times the mean",),
          "whole months in view, those without a booking too; divided by the set's mean", _counts),
    Shape("balance", ("balances",), ("times the median",),
          "at month ends; divided by the set's median", _balances),
    Shape("inter-arrival time", ("gaps",), ("times the account's mean",),
          f"divided by the account's mean; accounts with at least {LEAST_GAPS} gaps", _gaps, timed=True),
    Shape("weekday and month-end profile", ("weekday", "month end"),
          ("day of the week", "day of the month, counted so that 31 is its last"),
          "bookings a day of each kind, as shares that add up to one, cumulated", _rhythm),
    Shape("share by category", ("categories",), ("category, largest first",),
          "shares by rank, cumulated, in the categories of the real set", _kinds),
    Shape("merchant concentration", ("merchants",), ("share of merchants, most visited first",),
          f"share of payments by share of merchants, mean of {DRAWS} draws of {DRAWN_ACCOUNTS} accounts with "
          f"{DRAWN_PAYMENTS} card payments each", _concentration),
    Shape("activity run lengths", ("active days", "idle days"), ("times the mean", "times the mean"),
          "days in a row with and without a booking; each divided by the set's mean", _runs),
)  # fmt: skip
