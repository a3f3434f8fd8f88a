"""The errors of bankmine: one small family, by cause.

A message says what happened, the value seen, what is allowed, and what to do next, on one line and
without personal data. The command line prints it without a traceback and leaves with `exit_code`.
"""


class BankmineError(Exception):
    """Base of every error a user can cause and mend.

    `what` says what happened with the value seen; `hint` says what to do next.
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str) -> None:
        self.what = " ".join(what.split())
        self.hint = " ".join(hint.split())
        super().__init__(f"{self.what.rstrip('.')}. {self.hint}")


class UsageError(BankmineError):
    """A name, option or value was asked for that does not exist or does not fit."""

    exit_code = 2


class ConfigurationError(BankmineError):
    """`bankmine.toml`, a mapping or a declaration says something that cannot be meant."""

    exit_code = 3


class SourceError(BankmineError):
    """An extract is missing, cannot be read, or is not what the mapping says."""

    exit_code = 4


class ContractError(BankmineError):
    """More rows break a bank table's contract than the bank allows."""

    exit_code = 5


class WarehouseError(BankmineError):
    """The warehouse is locked by another writer, damaged, or was changed by hand."""

    exit_code = 6


class CutoffError(BankmineError):
    """A cutoff, window or horizon reaches where the data say nothing."""

    exit_code = 7


class FeasibilityError(BankmineError):
    """A task or miner has too little data for its figure to mean anything."""

    exit_code = 8


class LeakError(BankmineError):
    """A feature or label knows what it could not have known at its cutoff."""

    exit_code = 9


class EngineError(BankmineError):
    """The engine named in the settings cannot be started, or broke down while it worked."""

    exit_code = 10


class StoreError(BankmineError):
    """The operational database cannot be opened, is busy, or has a schema this bankmine does not know."""

    exit_code = 11


class Forbidden(BankmineError):
    """A person asked for what their roles or scope do not allow."""

    exit_code = 12


class SignInRefused(BankmineError):
    """Nobody was signed in; the message is the same whatever was wrong."""

    exit_code = 13


class NotFound(BankmineError):
    """What was asked for does not exist, or lies outside the person's scope: the same answer for both."""

    exit_code = 14
