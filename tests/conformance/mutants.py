"""Mutants: bankmine with the rule of time broken in one place, each by one edit of the source.

`mutated` imports bankmine anew with the edit applied (the kernels as plain Python, because compiling each
mutant would take seconds) and puts everything back afterwards. Each mutant names the cases that must notice.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, ModuleType

RELOADED = ("bankmine", "windows", "engine")


@dataclass(frozen=True)
class Mutant:
    """One edit: in `module`, `old` (which occurs once) becomes `new`; `noticed_by` cases turn red."""

    name: str
    module: str
    old: str
    new: str
    noticed_by: tuple[str, ...]


_KERNEL, _EDGES, _ENTRIES = (
    "bankmine.windows.kernels.kernel",
    "bankmine.windows.edges",
    "bankmine.windows.entries",
)
_BANDS = "bankmine.windows.kernels.bands_kernel"
_READER, _REPLAY, _SNAPSHOT = (
    "bankmine.windows.reading.reader",
    "bankmine.windows.replay",
    "bankmine.windows.snapshot",
)
_VIEWS, _LABELS = "bankmine.engine.views", "bankmine.tasks.labels"

MUTANTS = (
    Mutant("cutoff_included", _KERNEL,
           "time < end_time or", "time <= end_time or",
           ("an_event_at_the_cutoff_is_out", "an_event_at_its_own_position_is_out")),
    Mutant("window_start_excluded", _KERNEL,
           "time >= start", "time > start",
           ("an_event_at_the_start_is_in", "a_month_before_31_march_begins_on_the_leap_day")),
    Mutant("window_start_widened", _KERNEL,
           "time >= start", "time >= start - 1",
           ("an_event_just_before_the_start_is_out",)),
    Mutant("known_at_dropped", _KERNEL,
           "known_from <= knowledge < known_until", "knowledge < known_until",
           ("an_event_not_yet_known_is_unseen", "undated_rows_are_unseen_before_the_extract",
            "a_late_event_changes_later_rows_only", "an_unknown_outcome_meets_no_condition")),
    Mutant("known_at_the_cutoff_excluded", _KERNEL,
           "known_from <= knowledge < known_until", "known_from < knowledge < known_until",
           ("an_event_known_at_the_cutoff_is_seen", "undated_rows_are_seen_from_the_extract_on")),
    Mutant("correction_ignored", "bankmine.windows.reading.versions",
           "until[earlier] = known_at[later]", "until[earlier[:0]] = known_at[:0]",
           ("a_correction_counts_once_it_is_known", "a_corrected_time_moves_the_event",
            "as_corrected_since_reads_later_knowledge")),
    Mutant("earlier_load_wins", "bankmine.windows.reading.versions",
           "load, known, *reversed(version_key)", "-load, known, *reversed(version_key)",
           ("of_two_versions_known_together_the_later_load_counts",)),
    Mutant("cancelled_ignored", "bankmine.windows.reading.versions",
           "gone | cancelled", "gone",
           ("a_cancelled_event_is_gone",)),
    Mutant("outcome_unmasked", _ENTRIES,
           "return known_from if known_by is None else", "return known_from if True else",
           ("an_outcome_is_masked_until_it_is_known", "an_unknown_outcome_meets_no_condition")),
    Mutant("outcome_never_read", _ENTRIES,
           "np.maximum(known_from, _known(rows.columns[known_by]))", "np.full(len(known_from), FOREVER)",
           ("a_known_outcome_is_read",)),
    Mutant("outcome_level_unmasked", _ENTRIES,
           "    if known_by is not None:\n", "    if False:\n",
           ("an_outcome_level_is_other_until_known",)),
    Mutant("verdict_known_too_early", "bankmine.windows.verdicts",
           "rows.known_from[chosen][order]", "rows.known_from[chosen][order] * 0",
           ("a_verdict_counts_from_when_it_is_confirmed",)),
    Mutant("validity_ignored", _EDGES,
           "np.maximum(whole, civil_months_before(zone, ends, span.count)) if span.count else whole", "whole",
           ("all_reaches_no_farther_than_events_are_valid",)),
    Mutant("valid_for_a_month_only", "bankmine.windows.declaration",
           "return Span(Unit.ALL, valid.count)", "return Span(Unit.ALL, 1)",
           ("all_reaches_to_the_coverage_where_events_are_valid_longer",)),
    Mutant("reals_rounded_twice", "bankmine.windows.scale",
           "np.trunc(product)) == 0.5", "np.trunc(product)) == 2.0",
           ("a_real_counts_in_whole_units_rounded_once",)),
    Mutant("presence_ignored", _ENTRIES,
           'return here if condition.test == "having" else ~here', "return here | ~here",
           ("a_reversal_is_an_event_of_its_own", "a_missing_value_can_be_asked_for")),
    Mutant("month_end_not_clamped", _EDGES,
           "np.minimum(day_of_month, last_day_of(target))", "day_of_month",
           ("a_month_before_31_march_begins_on_the_leap_day",
            "a_month_before_31_march_begins_on_the_28th_in_a_common_year")),
    Mutant("leap_day_forgotten", _EDGES,
           "np.minimum(day_of_month, last_day_of(target))",
           "np.minimum(day_of_month, np.where(last_day_of(target) == 28, 27, last_day_of(target)))",
           ("a_month_before_31_march_begins_on_the_leap_day",)),
    Mutant("day_in_utc", _EDGES,
           "zone.to_utc(zone.to_local(ends) - days * DAY)", "ends - days * DAY",
           ("a_day_across_the_change_to_summer_has_23_hours",)),
    Mutant("hours_by_the_wall_clock", _EDGES,
           "return ends - span.count * HOUR", "return zone.to_utc(zone.to_local(ends) - span.count * HOUR)",
           ("24_hours_across_the_change_are_24_hours",)),
    Mutant("gap_moved_backward", "bankmine.bank.civil",
           "np.maximum(offsets[:-1], offsets[1:])", "np.minimum(offsets[:-1], offsets[1:])",
           ("a_start_that_no_clock_showed_moves_forward",)),
    Mutant("civil_days_in_utc", "bankmine.windows.kernels.days_kernel",
           "(time + offsets[at]) // DAY", "time // DAY",
           ("days_end_at_local_midnight", "recency_counts_local_midnights")),
    Mutant("coverage_as_zero", _SNAPSHOT,
           "outside)] = 1", "outside)] = 0",
           ("a_window_that_begins_before_the_coverage_is_missing", "a_cutoff_after_the_coverage_is_missing")),
    Mutant("coverage_end_excluded", _EDGES,
           "last <= high", "last < high",
           ("a_cutoff_at_the_end_of_the_coverage_is_covered",)),
    Mutant("zero_as_missing", _BANDS,
           "whole[column, live[TARGET, r]] = counts[live[END, r], cell] - counts[live[START, r], cell]",
           "missing[column, live[TARGET, r]] = counts[live[END, r], cell] == counts[live[START, r], cell]",
           ("nothing_in_a_covered_window_is_zero",)),
    Mutant("mean_of_nothing_as_zero", _BANDS,
           "missing[column, target] = 1\n    for k in range(spread_from",
           "pass\n    for k in range(spread_from",
           ("the_mean_of_nothing_is_missing",)),
    Mutant("seq_ignored_in_ties", _KERNEL,
           "(time == end_time and seq < end_seq)", "False",
           ("events_before_a_position_are_in", "ties_in_a_replay_follow_seq")),
    Mutant("a_row_sees_itself", _KERNEL,
           "seq < end_seq", "seq <= end_seq",
           ("an_event_at_its_own_position_is_out", "ties_in_a_replay_follow_seq")),
    Mutant("replay_knows_at_event_time", _REPLAY,
           "self.events.known_at[mine]", "self.events.event_time[mine]",
           ("a_replayed_row_knows_what_was_known_with_it",)),
    Mutant("as_of_ignored", _SNAPSHOT,
           "knowledge = cutoffs if known is None else", "knowledge = cutoffs if True else",
           ("as_corrected_since_reads_later_knowledge",)),
    Mutant("delay_ignored", _EDGES,
           "ends = cutoffs if delay is None else", "ends = cutoffs if True else",
           ("a_delayed_window_ends_earlier",)),
    Mutant("every_owner_counted_under_other_keys", _READER,
           'primary_only = declared.per_owner and key != "customer_id"', "primary_only = False",
           ("under_another_key_a_joint_event_counts_once",)),
    Mutant("only_the_primary_owner_counted", _READER,
           'primary_only = declared.per_owner and key != "customer_id"', "primary_only = declared.per_owner",
           ("each_owner_sees_a_joint_event",)),
    Mutant("version_read_before_it_was_known", _VIEWS,
           'conditions = [f"known_at <= {known.known}"] if known.known else []\n    if known.cut:',
           "conditions = []\n    if known.cut:",
           ("a_version_not_yet_known_is_unseen",)),
    Mutant("version_that_begins_at_the_cutoff_excluded", _VIEWS,
           "valid_from <= {known.cut}", "valid_from < {known.cut}",
           ("a_version_that_begins_at_the_cutoff_is_valid",)),
    Mutant("version_that_ended_kept", _VIEWS,
           "valid_to > {known.cut}", "valid_to >= {known.cut}",
           ("a_version_that_ended_is_gone",)),
    Mutant("later_dates_shown", _VIEWS,
           "if column.type is Type.DATE:", "if False:",
           ("a_date_later_than_the_cutoff_is_empty",)),
    Mutant("label_without_its_delay", _LABELS,
           "return self.horizon_days + self.delay_days", "return self.horizon_days",
           ("a_label_is_immature_one_day_earlier",)),
    Mutant("label_mature_one_day_late", _LABELS,
           "self.known_at(cutoffs, zone) <= as_of", "self.known_at(cutoffs, zone) < as_of",
           ("a_label_is_mature_when_horizon_and_delay_are_over",)),
    Mutant("label_beyond_the_coverage", _LABELS,
           "return known & (self.ends(cutoffs, zone) <= covered_until)", "return known",
           ("a_label_beyond_the_coverage_is_immature",)),
)  # fmt: skip


SMUGGLED_LABEL_UNSEEN = Mutant(  # noticed by test_smuggled_label.py: it is about a run, not a window
    "label_under_another_name_unseen", "bankmine.lifecycle.honesty",
    "leaks.raise_on(one for one in named if one.value >= STOP_AT)", "leaks.raise_on(())",
    (),
)  # fmt: skip


class _Editing(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module and loads it from the edited source."""

    def __init__(self, mutant: Mutant, path: str) -> None:
        importlib.machinery.SourceFileLoader.__init__(self, mutant.module, path)
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The edited module, and no other."""
        if fullname != self.mutant.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """The edited source, compiled; never a cached one."""
        source = self.get_data(self.path).decode()
        found = source.count(self.mutant.old)
        if found != 1:
            raise AssertionError(f"{self.mutant.name}: {found} places in {fullname} read {self.mutant.old!r}")
        return compile(source.replace(self.mutant.old, self.mutant.new), self.path, "exec")


@contextmanager
def mutated(mutant: Mutant | None) -> Iterator[None]:
    """Within, `import bankmine…` gives the mutant, with its kernels as plain Python (None: no edit)."""
    import numba

    finders = []
    if mutant is not None:
        spec = importlib.util.find_spec(mutant.module)
        assert spec is not None
        assert spec.origin is not None
        finders.append(_Editing(mutant, spec.origin))
    # After find_spec, which imports the module's parents.
    kept = {name: sys.modules[name] for name in list(sys.modules) if name.split(".")[0] in RELOADED}
    for name in kept:
        del sys.modules[name]
    sys.meta_path[:0] = finders
    jit_was_off, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, 1
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "overflow encountered", RuntimeWarning)
            yield
    finally:
        numba.config.DISABLE_JIT = jit_was_off
        for finder in finders:
            sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] in RELOADED]:
            del sys.modules[name]
        sys.modules.update(kept)
