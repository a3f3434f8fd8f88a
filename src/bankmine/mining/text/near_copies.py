"""Near-copies among texts: the same story handed in by several applicants.

Texts are masked and brought to normal form, then cut into shingles: runs of three words where the text is
English, of four signs where it is Chinese. MinHash (Broder 1997) with locality-sensitive hashing finds pairs
that are probably alike without comparing all; the exact Jaccard similarity of those decides. Texts with
fewer than `least` shingles say too little to be a copy and are left out.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Ints
from bankmine.mining.text.masking import mask
from bankmine.mining.text.words import language, normal, texts_of, words

LEAST = 5
MOST = 50
HASHES = 128
REMEMBERED = 10_000
_REMEMBERED: dict[bytes, frozenset[str]] = {}


class NearCopies(NamedTuple):
    """`pairs`: table of one < other (places of the texts), estimated and exact Jaccard, by (one, other).

    `left_out`: places of texts too short; `cut_short`: places of texts with more than `most` near-copies
    before them, of which the nearest places were kept.
    """

    pairs: pa.Table
    left_out: Ints
    cut_short: Ints


def shingles(text: str | None) -> frozenset[str]:
    """Runs of three words, or of four signs where the text is Chinese."""
    told = normal(mask(text))
    cut = words(told)
    if language(told) == "zh":
        signs = "".join(word.text for word in cut)
        return frozenset(signs[at : at + 4] for at in range(len(signs) - 3))
    plain = [word.text for word in cut]
    return frozenset(" ".join(plain[at : at + 3]) for at in range(len(plain) - 2))


def near_copies(
    texts: Any, *, alike: float = 0.6, least: int = LEAST, most: int = MOST, seed: int = 1
) -> NearCopies:
    """Pairs of texts whose shingles have a Jaccard similarity of at least `alike`.

    Each text is compared with earlier ones only, the nearest `most` of them by place; so a text's pairs do
    not change when later ones come. The chance to miss a pair falls with its similarity (it is under 1 %
    from about `alike` + .15 on). `seed` chooses the hash functions.
    """
    if not 0.1 <= alike <= 1.0:
        raise UsageError(f"The likeness asked for is {alike}", hint="Give a number from .1 to 1.")
    if least < 1 or most < 1 or not 0 <= seed < 2**32:
        raise UsageError(
            f"least is {least}, most {most}, seed {seed}",
            hint="Give at least 1, 1 and a seed from 0 below 2^32.",
        )
    from datasketch import MinHashLSH  # type: ignore[import-untyped]

    sets = [_shingles_once(text) for text in texts_of(texts)]
    index = MinHashLSH(threshold=max(0.1, alike - 0.1), num_perm=HASHES, weights=(0.3, 0.7))
    hashes: dict[frozenset[str], Any] = {}
    places: dict[int, list[int]] = {}  # of texts with the same shingles, by the first of them
    first: dict[frozenset[str], int] = {}
    rows: list[tuple[int, int, float, float]] = []
    left_out, cut_short = [], []
    for place, own in enumerate(sets):
        if len(own) < least:
            left_out.append(place)
            continue
        if own not in first:
            hashes[own] = _min_hash(own, seed)
        found = sorted(
            (one for group in index.query(hashes[own]) for one in places[group][-most - 1 :]), reverse=True
        )
        alike_rows = (row for one in found if (row := _pair(one, place, sets, hashes))[3] >= alike)
        kept = list(islice(alike_rows, most + 1))
        if len(kept) > most:
            cut_short.append(place)
        rows += kept[:most]
        if own not in first:
            first[own] = place
            index.insert(place, hashes[own])
        places.setdefault(first[own], []).append(place)
    return NearCopies(_table(rows), np.array(left_out, np.int64), np.array(cut_short, np.int64))


def _shingles_once(text: str | None) -> frozenset[str]:
    """The shingles, remembered by a digest of the text: the same texts often come again."""
    if text is None:
        return frozenset()
    key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if key not in _REMEMBERED:
        if len(_REMEMBERED) >= REMEMBERED:
            _REMEMBERED.clear()
        _REMEMBERED[key] = shingles(text)
    return _REMEMBERED[key]


@lru_cache(maxsize=REMEMBERED)
def _min_hash(own: frozenset[str], seed: int) -> Any:
    from datasketch import MinHash

    made = MinHash(num_perm=HASHES, seed=seed)
    made.update_batch([one.encode() for one in sorted(own)])
    return made


def _pair(
    one: int, other: int, sets: list[frozenset[str]], hashes: dict[frozenset[str], Any]
) -> tuple[int, int, float, float]:
    a, b = sets[one], sets[other]
    if a == b:
        return one, other, 1.0, 1.0
    return one, other, float(hashes[a].jaccard(hashes[b])), len(a & b) / len(a | b)


def _table(rows: list[tuple[int, int, float, float]]) -> pa.Table:
    one, other, estimated, exact = zip(*sorted(rows), strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "one": pa.array(one, pa.int64()),
            "other": pa.array(other, pa.int64()),
            "estimated_jaccard": pa.array(estimated, pa.float64()),
            "exact_jaccard": pa.array(exact, pa.float64()),
        }
    )


def copies_before(found: NearCopies, time: Any, party: Any) -> Ints:
    """For each text, how many other parties handed in a near-copy strictly before it.

    `time` and `party` (texts,): when and by whom each was written; texts in any order. A text of unknown time
    (NaN) has none before it. UsageError where there is not one of each a text.
    """
    when, who = np.asarray(time), np.asarray(party)
    last = max(found.pairs["other"].to_pylist(), default=-1)
    if when.shape != who.shape or when.ndim != 1 or when.size <= last:
        raise UsageError(
            f"{when.size} times and {who.size} parties were given, a pair names text {last}",
            hint="Give one time and one party for each text.",
        )
    seen: list[set[Any]] = [set() for _ in range(when.size)]
    for one, other in zip(found.pairs["one"].to_pylist(), found.pairs["other"].to_pylist(), strict=True):
        for early, late in ((one, other), (other, one)):
            if when[early] < when[late] and who[early] != who[late]:
                seen[late].add(who[early])
    return np.array([len(parties) for parties in seen], dtype=np.int64)
