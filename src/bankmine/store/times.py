"""Instants as the store keeps them: whole microseconds since 1970, UTC."""

from bankmine import clock

MINUTE_US = 60 * 1_000_000
HOUR_US = 60 * MINUTE_US


def now_us() -> int:
    """The present instant in µs since 1970, UTC."""
    moment = clock.now()
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
