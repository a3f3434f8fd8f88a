"""Data pages: loads, tables, findings with care, lineage both ways, and meanings agreed on by three seats."""

import re

import pytest
from guests import text_of
from test_acts import undo

from bankmine.governance import Role, Scope, people
from bankmine.store.tables.agreeing import finding_care
from bankmine.work import care, sign_offs
from bankmine.work.sign_offs import Kind, Seat

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
COLUMN = "/data/columns/customer/income_band"


@pytest.fixture
def three(signed_in):
    """Somebody of each seat."""
    roles = {
        Seat.business: Role.operator,
        Seat.data: Role.database_administrator,
        Seat.mining: Role.data_miner,
    }
    return {seat: signed_in(role, name=f"seat of {seat}") for seat, role in roles.items()}


def stands(store, object_id="column:customer.income_band", kind=Kind.meaning):
    with store.read() as connection:
        return sign_offs.standing(connection, kind, [object_id])[object_id]


def sign(one, here: str, seat: str):
    """Signs the wording that the page shows."""
    read = re.search(r'name="read" value="(\w*)"', one.get(here).text)
    return one.post(f"{here}/sign", {"seat": seat, "read": read[1] if read else ""})


def waits(one) -> int:
    """How many models home says wait for this person's signature."""
    return int(re.search(r"Models to sign\s+!?\s*\w*\s+(\d+)", text_of(one.get("/").text))[1])


def test_loads_tables_and_refused_rows_are_shown_with_their_counts(chief):
    page = text_of(chief.get("/data").text)
    assert "rows refused" in page
    assert "the account has no owner" in page
    assert "customer_identity" in page


def test_whoever_sees_a_part_reads_names_and_no_counts(signed_in):
    one = signed_in(Role.operator, name="part of data", scope=Scope(frozenset({"B01"}), None))
    page = one.get("/data").text
    assert "whole bank" in text_of(page)
    assert "rows refused" not in text_of(page)
    assert not re.search(r'<td class="num">[\d,]{4,}', page)
    assert 'class="panel finding' not in one.get("/data/findings").text


def test_a_table_and_a_column_show_meaning_share_and_lineage_both_ways(chief):
    table = chief.get("/data/tables/transaction").text
    assert "/data/columns/transaction/base_minor" in table
    column = chief.get("/data/columns/transaction/base_minor").text
    assert "/data/features/in_sum_1mo" in column
    feature = text_of(chief.get("/data/features/in_sum_1mo").text)
    assert "transactions.amount" in feature
    assert "t.amount" in feature


def test_personal_columns_show_no_values(chief):
    row = re.search(
        r"<tr><td><a[^>]*/customer_identity/name.*?</tr>", chief.get("/data/tables/customer_identity").text
    )
    assert "masked" in row[0]
    assert row[0].count('<td lang="und"></td>') == 2


@pytest.mark.parametrize(
    "path", ["/data/tables/nothing", "/data/columns/customer/nothing", "/data/features/nothing"]
)
def test_what_does_not_exist_is_not_found(chief, path):
    assert chief.get(path).status_code == 404


def finding(page: str) -> str:
    return re.search(r'<article class="panel finding [^"]*" id="(\w+)"', page)[1]


def test_a_finding_gets_owner_day_and_state_and_the_undo_puts_it_back(signed_in, store, events):
    keeper = signed_in(Role.database_administrator, name="keeper of data")
    number = finding(keeper.get("/data/findings").text)
    with store.read() as connection:
        me = people.named(connection, "keeper of data").person_id
    taken = keeper.post(
        f"/data/findings/{number}", {"owner": me, "due": "2020-01-01", "state": "open", "note": "asked"}
    )
    assert taken.status_code == 303
    assert number in keeper.get("/data/findings?show=overdue").text
    assert number in keeper.get("/data/findings?show=mine").text
    assert events(act="finding_cared", limit=1)[0].details["owner"] == me
    closed = keeper.post(f"/data/findings/{number}", {"owner": me, "state": "closed"})
    assert number not in keeper.get("/data/findings").text
    undo(keeper, closed)
    with store.read() as connection:
        now = care.standing(connection, [number])[number]
    assert (now.state, now.owner_id, now.due, now.note) == ("open", me, "2020-01-01", "asked")
    with store.begin() as connection:
        connection.execute(finding_care.delete())


def test_what_cannot_be_of_a_finding_is_refused(signed_in):
    keeper = signed_in(Role.database_administrator)
    number = finding(keeper.get("/data/findings").text)
    assert keeper.post(f"/data/findings/{number}", {"state": "lost"}).status_code == 400
    assert keeper.post(f"/data/findings/{number}", {"state": "open", "due": "soon"}).status_code == 400
    assert keeper.post("/data/findings/nothing", {"state": "open"}).status_code == 404


def test_three_seats_sign_and_a_new_wording_makes_it_open_again(three, store, events):
    for count, (seat, one) in enumerate(three.items(), 1):
        assert sign(one, COLUMN, seat).status_code == 303
        assert stands(store).signed == count
    assert stands(store).agreed
    assert "agreed meaning" in text_of(three[Seat.data].get(COLUMN).text)
    assert events(act="signed", limit=1)[0].object_id == "column:customer.income_band"
    worded = three[Seat.business].post(f"{COLUMN}/word", {"text": "Band of the stated monthly income."})
    assert stands(store).signed == 0
    undo(three[Seat.business], worded)
    assert stands(store).agreed


def test_a_signature_is_taken_back_by_who_gave_it_alone(three, store):
    here = "/data/features/in_sum_1mo"
    signed = three[Seat.mining].post(f"{here}/sign", {"seat": "mining"})
    number = re.search(r"of=(\w+)", signed.headers["location"])[1]
    assert three[Seat.data].post(f"/agreements/signature/{number}/take-back").status_code == 404
    undo(three[Seat.mining], signed)
    assert stands(store, "feature:in_sum_1mo").signed == 0


def test_nobody_signs_on_two_seats_or_on_one_that_is_not_theirs(signed_in, three, store):
    here = "/data/columns/customer/gender"
    both = signed_in(Role.operator, Role.data_miner, name="of two seats")
    assert both.post(f"{here}/sign", {"seat": "business"}).status_code == 303
    read = stands(store, "column:customer.gender").wording.said_id
    for one, seat in ((both, "mining"), (three[Seat.mining], "data"), (three[Seat.business], "business")):
        assert one.post(f"{here}/sign", {"seat": seat, "read": read}).status_code == 400


def test_two_seats_are_not_reached_by_taking_back_and_undoing(signed_in, store):
    here, name = "/data/columns/customer/education", "column:customer.education"
    both = signed_in(Role.operator, Role.data_miner, name="of two seats")
    first = sign(both, here, "business")
    number = re.search(r"of=(\w+)", first.headers["location"])[1]
    both.post(f"/agreements/signature/{number}/take-back")
    assert sign(both, here, "mining").status_code == 303
    assert both.post(f"/agreements/signature/{number}/restore").status_code == 400
    assert stands(store, name).signed == 1


def test_what_was_not_read_is_not_signed(three, store):
    here, name = "/data/columns/customer/since", "column:customer.since"
    three[Seat.business].post(f"{here}/word", {"text": "The first day of the relation."})
    old = stands(store, name).wording.said_id
    three[Seat.mining].post(f"{here}/word", {"text": "The day the first account was opened."})
    refused = three[Seat.data].post(f"{here}/sign", {"seat": "data", "read": old})
    assert refused.status_code == 400
    assert "changed meanwhile" in text_of(refused.text)
    assert stands(store, name).signed == 0


def test_a_remark_is_added_and_taken_back_and_is_no_part_of_the_audit(three, events):
    here = "/data/columns/customer/marital"
    said = three[Seat.data].post(f"{here}/remark", {"text": "Empty before 2019."})
    assert "Empty before 2019." in three[Seat.mining].get(here).text
    assert "2019" not in str(events(act="remarked", limit=1)[0].details)
    undo(three[Seat.data], said)
    assert "Empty before 2019." not in three[Seat.mining].get(here).text


def test_the_dictionary_lists_filters_and_exports_meanings(three, chief):
    page = chief.get("/data/meanings?search=income_band").text
    assert "customer.income_band" in page
    assert "merchants" not in page
    export = chief.get("/exports/meanings").text
    assert "transaction.amount_minor" in export
    assert "in_sum_1mo" in export


def test_an_interpretation_is_signed_by_three_and_belongs_to_its_run(three, store, app, signed_in):
    waiting = waits(three[Seat.data])
    for seat, one in three.items():
        assert sign(one, "/models/churn", seat).status_code == 303
    assert waits(three[Seat.data]) == waiting - 1
    page = text_of(three[Seat.mining].get("/models/churn").text)
    assert "All three have signed" in page
    assert "3 of 3 agreed" in text_of(three[Seat.mining].get("/models").text)
    part = signed_in(Role.operator, name="part of models", scope=Scope(frozenset({"B01"}), None))
    assert part.post("/models/churn/sign", {"seat": "business"}).status_code == 403
    assert "All three have signed" not in text_of(part.get("/models/churn").text)
    assert "of 3 agreed" not in text_of(part.get("/models").text)
