"""Segments and value as people work them: named, ruled, published, called; all undone; own rows alone."""

from __future__ import annotations

import re
from html import unescape

import pytest
from guests import Guest, text_of

from bankmine.governance import Role, Scope
from bankmine.work import call_lists, segment_names, segment_rules

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
RULES = "/segments/rules"
RICH = {
    "r0_name": "Rich", "r0_sentence": "", "r0_c0_column": "value_minor", "r0_c0_test": "at_least",
    "r0_c0_value": "5000",
}  # fmt: skip
YOUNG = {
    "r1_name": "New", "r1_sentence": "", "r1_c0_column": "years", "r1_c0_test": "at_most", "r1_c0_value": "2",
}  # fmt: skip


def undone(guest: Guest, answer):
    """Follows the redirect after an act and sends the undo that the page offers."""
    assert answer.status_code == 303, text_of(answer.text)[:400]
    page = guest.get(answer.headers["location"]).text
    form = re.search(r'<div class="done".*?<form method="post" action="([^"]+)">(.*?)</form>', page, re.S)
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[2])}
    token = fields.pop("csrf")
    return guest.post(unescape(form[1]), fields, token=token)


@pytest.fixture
def miner(signed_in) -> Guest:
    return signed_in(Role.data_miner, name="miner of segments")


@pytest.fixture
def seller(signed_in) -> Guest:
    return signed_in(Role.operator, name="seller of segments")


@pytest.fixture
def kept(miner):
    """Makes a set of rules of a name and gives its id with the answer."""

    def make(name: str, **more: str):
        answer = miner.post(RULES, {"set": "", "set_name": name, **RICH, **more})
        assert answer.status_code == 303, text_of(answer.text)[:400]
        return re.search(r"rules/(\w+)", answer.headers["location"])[1], answer

    return make


@pytest.fixture
def now(store):
    """What the store holds of a set of rules."""

    def look(rules: str):
        with store.read() as connection:
            return segment_rules.one(connection, rules)

    return look


def numbers(guest: Guest) -> list[str]:
    return re.findall(r'href="/segments/found/(\d+)', guest.get("/segments").text)


def test_the_map_names_every_segment_and_the_portraits_hold_all_customers(chief):
    page = chief.get("/segments").text
    found = re.findall(r"<dd>([\d,]+)</dd>", page.split('class="portraits"')[1])
    assert len(numbers(chief)) == len(set(numbers(chief))) > 2
    assert sum(int(one.replace(",", "")) for one in found) == int(
        re.search(r"among ([\d,]+)", page)[1].replace(",", "")
    )


def test_a_segment_is_named_and_the_undo_gives_the_runs_own_name_back(miner, store, events):
    number = numbers(miner)[0]
    answer = miner.post(f"/segments/found/{number}/name", {"name": "Quiet savers", "sentence": "They wait."})
    assert "Quiet savers" in miner.get("/segments").text
    newest = events(act="segment_named", limit=1)[0]
    assert (newest.object_id, newest.details["own_name"]) == (number, True)
    assert undone(miner, answer).status_code == 303
    with store.read() as connection:
        assert int(number) not in segment_names.in_force(connection)
    assert "Quiet savers" not in miner.get("/segments").text.split("<main")[1]


def test_the_members_of_a_segment_are_the_list_of_customers_filtered(chief, events):
    number = numbers(chief)[0]
    page = chief.get(f"/segments/found/{number}").text
    filtered = unescape(re.search(r'href="(/customers\?[^"]*segment=[^"]+)"', page)[1])
    count = re.search(r"([\d,]+) rows", text_of(page.split('id="rows"')[1]))[1]
    assert f"{count} rows" in text_of(chief.get(filtered).text)
    lines = chief.get(f"/exports/segments/{number}").text.splitlines()
    assert (
        len(lines) - 1
        == int(count.replace(",", ""))
        == events(act="list_exported", limit=1)[0].details["rows"]
    )


def test_the_draft_is_counted_and_keeps_nothing(miner, store):
    before = len(miner.get(RULES).text)
    page = miner.post(f"{RULES}/draft", {"set": "", "set_name": "A draft", **RICH, "do": "add-0"}).text
    assert page.count("r0_c1_column") > 0
    takes = int(re.search(r"takes ([\d,]+)", text_of(page))[1].replace(",", ""))
    assert 0 < takes < 5000
    assert len(miner.get(RULES).text) == before
    with store.read() as connection:
        assert "A draft" not in {one.name for one in segment_rules.listed(connection)}


@pytest.mark.parametrize(
    ("do", "names"),
    [
        ("add", ["Rich", "New", ""]), ("drop-0", ["New"]), ("down-0", ["New", "Rich"]),
        ("up-1", ["New", "Rich"]), ("up-0", ["Rich", "New"]), ("drop-9", ["Rich", "New"]),
        ("melt-0", ["Rich", "New"]), ("drop-x", ["Rich", "New"]), ("", ["Rich", "New"]),
    ],
)  # fmt: skip
def test_the_buttons_of_the_draft_change_it_without_scripts(miner, do, names):
    page = miner.post(f"{RULES}/draft", {"set": "", "set_name": "A draft", **RICH, **YOUNG, "do": do}).text
    assert re.findall(r'name="r\d_name" maxlength="80" value="([^"]*)"', page) == names


def test_another_column_starts_the_condition_anew(miner):
    odd = {**RICH, "r0_c0_column": "kind"}
    page = miner.post(f"{RULES}/draft", {"set": "", "set_name": "A draft", **odd}).text
    assert re.search(r'id="r0_c0_test".*?<option value="is" selected>', page, re.S)
    assert "at_least" not in page.split("r0_c0_test")[1].split("</select>")[0]


def test_a_number_that_is_none_is_said_beside_its_rule(miner):
    page = miner.post(f"{RULES}/draft", {"set": "", "set_name": "x", **RICH, "r0_c0_value": "much"}).text
    assert "is no number" in page


def test_rules_are_made_and_the_undo_puts_them_aside(miner, kept, now, events):
    rules, answer = kept("Made here")
    assert events(act="segment_rules_made", limit=1)[0].object_id == rules
    assert undone(miner, answer).status_code == 303
    assert now(rules).withdrawn


def test_a_new_version_is_undone_to_the_rules_before(miner, kept, now):
    rules, _ = kept("Versioned here")
    first = now(rules).newest
    answer = miner.post(RULES, {"set": rules, "set_name": "ignored", **RICH, **YOUNG})
    assert [one.name for one in now(rules).newest.rules] == ["Rich", "New"]
    assert undone(miner, answer).status_code == 303
    assert now(rules).newest.rules == first.rules
    assert now(rules).newest.restored == first.number


def test_publishing_is_seen_by_whom_and_undone_either_way(miner, seller, kept, now, events):
    rules, _ = kept("Published here")
    answer = miner.post(f"{RULES}/{rules}/publish", {"version": "1"})
    assert "Version 1 is published, by miner of segments" in text_of(seller.get(f"{RULES}/{rules}").text)
    assert events(act="segment_rules_published", limit=1)[0].details["version"] == 1
    undone(miner, answer)
    assert now(rules).published is None
    miner.post(f"{RULES}/{rules}/publish", {"version": "1"})
    undone(miner, miner.post(f"{RULES}/{rules}/unpublish"))
    assert now(rules).published == 1


def test_another_name_of_the_rules_is_undone(miner, kept, now):
    rules, _ = kept("Named here")
    answer = miner.post(f"{RULES}/{rules}/rename", {"name": "Renamed here"})
    assert now(rules).name == "Renamed here"
    undone(miner, answer)
    assert now(rules).name == "Named here"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"set": "", "set_name": "", **RICH}, "no name"),
        ({"set": "", "set_name": "Nameless", **RICH, "r0_name": ""}, "name"),
        ({"set": "", "set_name": "Empty"}, "0 rules"),
        ({"set": "", "set_name": "Half", **RICH, "r0_c0_value": ""}, "not complete"),
    ],
)
def test_what_does_not_fit_comes_back_with_the_draft(miner, fields, said):
    answer = miner.post(RULES, fields)
    assert answer.status_code == 400
    assert said in answer.text.split('role="alert"')[1].split("</p>")[0]


def test_the_members_by_rule_are_listed_filtered_and_exported(chief, kept):
    rules, _ = kept("Listed here", **YOUNG)
    page = text_of(chief.get(f"{RULES}/{rules}").text)
    options = dict(re.findall(r"(Rich|New|No rule) \(([\d,]+)\)", page))
    for name, asked in (("Rich", "Rich"), ("New", "New"), ("No rule", "-")):
        rows = chief.get(f"/exports/segments/rules/{rules}?rule={asked}").text.splitlines()
        assert len(rows) - 1 == int(options[name].replace(",", ""))


def test_moves_are_told_at_any_date_by_rules_and_a_later_date_is_refused(chief, kept):
    rules, _ = kept("Moved here", **YOUNG)
    assert "are in another segment than then" in chief.get(f"/segments/moves?by={rules}&then=2025-01-01").text
    assert "is not before" in text_of(chief.get(f"/segments/moves?by={rules}&then=2030-01-01").text)
    assert chief.get("/segments/moves?then=soon").status_code == 400


@pytest.fixture
def branch(chief) -> str:
    return re.findall(r'name="branch_id" value="(B\w+)"', chief.get("/customers").text)[0]


@pytest.fixture
def limited(signed_in, branch) -> Guest:
    return signed_in(Role.operator, name=f"segments of {branch}", scope=Scope(frozenset({branch}), None))


def test_whoever_sees_a_part_counts_own_customers_and_reads_no_figure_of_the_whole(chief, limited, kept):
    rules, _ = kept("Seen in part")
    own = int(
        re.search(r"([\d,]+) customers fit", text_of(limited.get("/customers").text))[1].replace(",", "")
    )
    page = limited.get(f"{RULES}/{rules}").text
    assert re.search(r"of ([\d,]+) customers", text_of(page))[1] == f"{own:,}"
    assert len(limited.get(f"/exports/segments/rules/{rules}").text.splitlines()) - 1 == own
    assert "These figures speak of the whole bank" in limited.get("/segments/algorithms").text
    assert "ways-of-life" not in limited.get("/segments").text
    assert "ways-of-life" in chief.get("/segments").text
    listed = set(re.findall(r'href="/customers/(\w{16})', limited.get("/value/top").text))
    everybody = set(re.findall(r"\b[0-9a-f]{16}\b", limited.get("/exports/customers").text))
    assert listed
    assert listed <= everybody


def on_page(guest: Guest, path: str) -> list[str]:
    return re.findall(r'name="customer" value="(\w+)"[^>]*checked', guest.get(path).text)


def test_chosen_rows_go_on_a_call_list_and_the_undo_takes_them_off(seller, store, events):
    chosen = on_page(seller, "/value/top")[:5]
    assert chosen
    answer = seller.post(
        "/value/calls", {"customer": chosen, "which": "top", "name": "Care", "due": "2027-01-01"}
    )
    of = re.search(r"calls/(\w+)", answer.headers["location"])[1]
    assert events(act="call_list_filled", limit=1)[0].details["customers"] == len(chosen)
    assert all(one in seller.get(f"/value/calls/{of}").text for one in chosen)
    assert undone(seller, answer).status_code == 303
    with store.read() as connection:
        assert call_lists.calls(connection, of) == []


@pytest.fixture
def called(seller):
    """Makes a call list of three customers."""

    def make(name: str):
        chosen = on_page(seller, "/value/top")[:3]
        answer = seller.post("/value/calls", {"customer": chosen, "name": name})
        return re.search(r"calls/(\w+)", answer.headers["location"])[1], chosen

    return make


def test_state_owner_and_end_of_a_call_list_are_undone(seller, store, called):
    of, chosen = called("Worked")

    def stands():
        with store.read() as connection:
            found = call_lists.one(connection, of)
            return found, {one.customer: one.state for one in call_lists.calls(connection, of)}

    before = stands()
    undone(seller, seller.post(f"/value/calls/{of}/state", {"customer": chosen[0], "state": "kept"}))
    changed = {"name": "Else", "owner": before[0].owner_id, "due": "2027-02-01"}
    undone(seller, seller.post(f"/value/calls/{of}/change", changed))
    undone(seller, seller.post(f"/value/calls/{of}/end"))
    assert stands() == before


def test_who_may_not_be_contacted_is_left_out_and_said(chief, seller):
    barred = [
        line.split(",")[0]
        for line in chief.get("/exports/worth/top").text.splitlines()[1:]
        if ",no consent," in line or ",not now," in line
    ][:2]
    assert barred
    refused = seller.post("/value/calls", {"customer": barred, "name": "Barred"})
    assert refused.status_code == 400
    assert "may be contacted" in refused.text
    fine = on_page(seller, "/value/top")[:1]
    answer = seller.post("/value/calls", {"customer": [*barred, *fine], "name": "Mixed"})
    page = text_of(seller.get(answer.headers["location"]).text)
    assert f"{len(barred)} of the chosen may not be contacted" in page


def test_a_foreign_customer_is_neither_called_nor_seen_on_a_list(seller, limited, called):
    of, chosen = called("Foreign")
    mine = set(re.findall(r"\b[0-9a-f]{16}\b", limited.get("/exports/customers").text))
    foreign = [one for one in chosen if one not in mine]
    assert foreign
    assert limited.post("/value/calls", {"customer": foreign, "name": "Theirs"}).status_code == 400
    seen = limited.get(f"/value/calls/{of}")
    assert seen.status_code == (200 if set(chosen) & mine else 404)
    assert not [one for one in foreign if one in seen.text]
    state = limited.post(f"/value/calls/{of}/state", {"customer": foreign[0], "state": "kept"})
    assert state.status_code == 404
    if not set(chosen) & mine:
        assert "Foreign" not in limited.get("/value/calls").text
        assert limited.post(f"/value/calls/{of}/end").status_code == 404
        assert limited.post("/value/calls", {"customer": sorted(mine)[:1], "list": of}).status_code == 400


def test_a_later_date_to_compare_with_is_refused_for_segments_found_too(chief):
    assert "is not before" in text_of(chief.get("/segments/moves?then=2030-01-01").text)


def test_before_the_first_run_moves_say_so_and_offer_rules(chief, kept):
    kept("Offered for moves")
    page = text_of(chief.get("/segments/moves?then=2024-06-01").text)
    assert "No run of its own tells segments" in page
    assert "Choose segments by rules" in page
