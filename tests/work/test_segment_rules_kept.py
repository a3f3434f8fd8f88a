"""Segments by rules, names of segments and call lists: every act fits or says why, is recorded, is undone."""

from __future__ import annotations

import pytest

from bankmine.access.segment_rules import MOST_RULES, Ask, Rule, from_text, to_text
from bankmine.errors import Forbidden, NotFound, UsageError
from bankmine.governance import Permission, Person, Role, Scope, audit
from bankmine.work import call_lists, segment_names, segment_rules
from stores import Time, add

RICH = Rule("Rich", "Much ahead", (Ask("value_minor", "at_least", "5000"),))
YOUNG = Rule("Young", "", (Ask("years", "at_most", "2"), Ask("kind", "is", "person")))


@pytest.fixture
def ada(store) -> Person:
    person_id = add(store, "Ada", Role.data_miner, Role.operator)
    return Person(person_id, "Ada", (Role.data_miner,), frozenset(Permission), Scope())


def acts(store) -> list[str]:
    with store.read() as connection:
        return [one.act for one in audit.events(connection, limit=20)]


def test_rules_survive_being_kept_as_text():
    assert from_text(to_text([RICH, YOUNG])) == (RICH, YOUNG)


def test_a_set_is_made_saved_restored_and_every_version_stays(store, ada):
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "  Who   matters ", [RICH])
        assert segment_rules.save(connection, ada, made, [RICH, YOUNG]) == 2
        assert segment_rules.restore(connection, ada, made, 1) == 3
    with store.read() as connection:
        found = segment_rules.one(connection, made)
        assert (found.name, found.newest.number, found.newest.restored) == ("Who matters", 3, 1)
        assert found.newest.rules == (RICH,)
        assert [one.rules for one in segment_rules.versions(connection, made)] == [
            (RICH,),
            (RICH, YOUNG),
            (RICH,),
        ]
        assert segment_rules.version(connection, made, 2).rules == (RICH, YOUNG)
    assert acts(store)[:3] == ["segment_rules_restored", "segment_rules_saved", "segment_rules_made"]


def test_publishing_says_what_was_in_force_and_unpublishing_leaves_none(store, ada, time: Time):
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "Ours", [RICH])
        segment_rules.save(connection, ada, made, [YOUNG])
        assert segment_rules.publish(connection, ada, made, 1) is None
        time.pass_by(hours=1)
        assert segment_rules.publish(connection, ada, made, 2) == 1
        found = segment_rules.one(connection, made)
        assert (found.published, found.published_by) == (2, ada.person_id)
        assert found.published_at is not None
        assert found.published_at > found.created_at
        assert segment_rules.unpublish(connection, ada, made) == 2
        assert segment_rules.one(connection, made).published is None
        with pytest.raises(UsageError, match="no version"):
            segment_rules.unpublish(connection, ada, made)


def test_a_set_put_aside_is_listed_no_more_and_comes_back(store, ada):
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "Ours", [RICH])
        segment_rules.publish(connection, ada, made, 1)
        with pytest.raises(UsageError, match="is published"):
            segment_rules.withdraw(connection, ada, made)
        segment_rules.unpublish(connection, ada, made)
        segment_rules.withdraw(connection, ada, made)
        assert segment_rules.listed(connection) == []
        assert [one.rules_id for one in segment_rules.listed(connection, withdrawn=True)] == [made]
        with pytest.raises(UsageError, match="withdrawn"):
            segment_rules.publish(connection, ada, made, 1)
        segment_rules.make(connection, ada, "ours", [YOUNG])
        with pytest.raises(UsageError, match="is there already"):
            segment_rules.bring_back(connection, ada, made)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "0 rules"),
        ([RICH] * (MOST_RULES + 1), "rules were given"),
        ([RICH, Rule("rich", "", RICH.asks)], "two rules are named"),
        ([Rule(" ", "", RICH.asks)], "does not fit"),
        ([Rule("Empty", "", ())], "0 conditions"),
        ([Rule("Half", "", (Ask("kind", "is", ""),))], "not complete"),
        ([Rule("Odd", "", (Ask("kind", "resembles", "x"),))], "not complete"),
        ([Rule("Long", "", (Ask("kind", "is", "x" * 400),))], "too long"),
    ],
)
def test_rules_that_cannot_be_kept_say_why(store, ada, rules, said):
    with store.begin() as connection, pytest.raises(UsageError, match=said):
        segment_rules.make(connection, ada, "Ours", rules)


def test_a_name_is_taken_once_and_saving_the_same_again_is_refused(store, ada):
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "Ours", [RICH])
        with pytest.raises(UsageError, match="is there already"):
            segment_rules.make(connection, ada, "OURS", [YOUNG])
        with pytest.raises(UsageError, match="nothing was changed"):
            segment_rules.save(connection, ada, made, [RICH])
        other = segment_rules.make(connection, ada, "Others", [YOUNG])
        with pytest.raises(UsageError, match="is there already"):
            segment_rules.rename(connection, ada, other, "ours")
        assert segment_rules.rename(connection, ada, other, "Theirs") == "Others"


def test_what_is_not_there_is_not_found(store, ada):
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "Ours", [RICH])
        with pytest.raises(NotFound):
            segment_rules.save(connection, ada, "0" * 26, [RICH])
        with pytest.raises(NotFound):
            segment_rules.publish(connection, ada, made, 9)
        with pytest.raises(NotFound):
            segment_rules.restore(connection, ada, made, 9)


def test_without_the_right_nothing_is_kept(store, ada):
    nobody = Person(ada.person_id, "Ada", (), frozenset({Permission.SEGMENTS_READ}), Scope())
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "Ours", [RICH])
        calls = call_lists.make(connection, ada, "Keep", ada.person_id, "")
        for act in (
            lambda: segment_rules.make(connection, nobody, "Mine", [RICH]),
            lambda: segment_rules.save(connection, nobody, made, [YOUNG]),
            lambda: segment_rules.restore(connection, nobody, made, 1),
            lambda: segment_rules.rename(connection, nobody, made, "Mine"),
            lambda: segment_rules.publish(connection, nobody, made, 1),
            lambda: segment_rules.unpublish(connection, nobody, made),
            lambda: segment_rules.withdraw(connection, nobody, made),
            lambda: segment_rules.bring_back(connection, nobody, made),
            lambda: segment_names.give(connection, nobody, 1, "Mine", ""),
            lambda: call_lists.make(connection, nobody, "Mine", ada.person_id, ""),
            lambda: call_lists.put(connection, nobody, calls, ["0" * 16]),
            lambda: call_lists.take_off(connection, nobody, calls, "0"),
            lambda: call_lists.set_state(connection, nobody, calls, "0" * 16, "kept"),
            lambda: call_lists.change(connection, nobody, calls, "Mine", ada.person_id, ""),
            lambda: call_lists.end(connection, nobody, calls),
            lambda: call_lists.reopen(connection, nobody, calls),
        ):
            with pytest.raises(Forbidden):
                act()


def test_the_audit_keeps_no_word_of_rules_names_and_lists(store, ada):
    with store.begin() as connection:
        made = segment_rules.make(connection, ada, "Mister Smith", [Rule("Smithy", "", RICH.asks)])
        segment_rules.rename(connection, ada, made, "Missis Smith")
        segment_names.give(connection, ada, 3, "Smith and sons", "Those of Smith")
        call_lists.make(connection, ada, "Smith calls", ada.person_id, "")
    with store.read() as connection:
        assert "smith" not in str(audit.events(connection, limit=20)).lower()


def test_a_segment_is_named_named_again_and_gets_its_own_name_back(store, ada, time: Time):
    with store.begin() as connection:
        assert segment_names.give(connection, ada, 3, " Careful   savers ", "They pay cash.") is None
        time.pass_by(seconds=1)
        assert segment_names.give(connection, ada, 3, "Cash", "").name == "Careful savers"
        assert segment_names.in_force(connection)[3].name == "Cash"
        time.pass_by(seconds=1)
        segment_names.give(connection, ada, 3, "", "")
        assert segment_names.in_force(connection) == {}
        assert [one.name for one in segment_names.history(connection, 3)] == ["", "Cash", "Careful savers"]


@pytest.mark.parametrize(
    ("name", "said"), [("x" * 81, "does not fit"), ("…", "does not fit"), ("CASH", "another")]
)
def test_a_segment_name_that_does_not_fit_says_why(store, ada, name, said):
    with store.begin() as connection:
        segment_names.give(connection, ada, 1, "Cash", "")
        with pytest.raises(UsageError, match=said):
            segment_names.give(connection, ada, 2, name, "")


@pytest.fixture
def calls(store, ada) -> str:
    with store.begin() as connection:
        return call_lists.make(connection, ada, "Keep these", ada.person_id, "2026-12-01")


def test_customers_are_put_on_a_call_list_once_and_taken_off_by_batch(store, ada, calls):
    with store.begin() as connection:
        _, new = call_lists.put(connection, ada, calls, ["a" * 16, "b" * 16, "a" * 16])
        batch, more = call_lists.put(connection, ada, calls, ["b" * 16, "c" * 16])
        assert (new, more) == (2, 1)
        with pytest.raises(UsageError, match="on the list already"):
            call_lists.put(connection, ada, calls, ["c" * 16])
        call_lists.take_off(connection, ada, calls, batch)
        assert {one.customer for one in call_lists.calls(connection, calls)} == {"a" * 16, "b" * 16}
        with pytest.raises(UsageError, match="nobody of that batch"):
            call_lists.take_off(connection, ada, calls, batch)
    assert acts(store)[:3] == ["call_list_emptied", "call_list_filled", "call_list_filled"]


def test_how_far_a_call_is_says_how_it_was(store, ada, calls):
    with store.begin() as connection:
        call_lists.put(connection, ada, calls, ["a" * 16])
        assert call_lists.set_state(connection, ada, calls, "a" * 16, "kept") == "open"
        assert call_lists.set_state(connection, ada, calls, "a" * 16, "open") == "kept"
        with pytest.raises(UsageError, match="no state"):
            call_lists.set_state(connection, ada, calls, "a" * 16, "happy")
        with pytest.raises(NotFound):
            call_lists.set_state(connection, ada, calls, "b" * 16, "kept")
    with store.read() as connection:
        newest = audit.events(connection, act="call_noted", limit=1)[0]
        assert (newest.object_id, newest.details["state"]) == ("a" * 16, "open")


def test_an_ended_list_is_worked_no_more_until_it_is_opened_again(store, ada, calls):
    with store.begin() as connection:
        call_lists.put(connection, ada, calls, ["a" * 16])
        assert call_lists.on_lists(connection, ["a" * 16, "b" * 16]) == {"a" * 16: "Keep these"}
        call_lists.end(connection, ada, calls)
        assert call_lists.on_lists(connection, ["a" * 16]) == {}
        with pytest.raises(UsageError, match="was ended"):
            call_lists.put(connection, ada, calls, ["b" * 16])
        call_lists.reopen(connection, ada, calls)
        call_lists.put(connection, ada, calls, ["b" * 16])


def test_a_changed_list_says_how_it_was_and_refuses_what_does_not_fit(store, ada, calls):
    with store.begin() as connection:
        was = call_lists.change(connection, ada, calls, "Later", ada.person_id, "")
        assert (was.name, was.due_on.isoformat()) == ("Keep these", "2026-12-01")
        assert call_lists.one(connection, calls).due_on is None
        for given, said in (
            (("", ada.person_id, ""), "no name"),
            (("Later", "nobody", ""), "nobody who may sign in"),
            (("Later", ada.person_id, "soon"), "no date"),
        ):
            with pytest.raises(UsageError, match=said):
                call_lists.change(connection, ada, calls, *given)
