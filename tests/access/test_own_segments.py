"""Segments and value over own rows equal plain SQL over the files; nothing foreign is counted or named."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from seen_by import Oracle, hexadecimal, person

from bankmine.access import Place, rule_counts, segments, value
from bankmine.access.segment_rules import Ask, Rule, described, table_of
from bankmine.errors import NotFound
from bankmine.governance import Permission, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]
NAMES = ("first branch", "second branch", "both", "manager", "none")


def file(place: Place, task: str, name: str) -> str:
    folder = place.state().usable(place.state().cutoff)[task].folder
    return f"read_parquet('{folder}/{name}.parquet')"


@pytest.fixture(scope="module")
def answers(place: Place, oracle: Oracle):
    """Owner by owner: segment, profit, value and chance to close, from the runs' files by SQL."""
    if "segmentation" not in place.state().usable(place.state().cutoff):
        pytest.skip("this bank's segments are not to be used")
    oracle.db.execute(
        f"""CREATE OR REPLACE TABLE answers AS
        SELECT b.customer_id, b.branch, b.manager, b.kind, s.grade AS segment, v.profit_minor,
               v.lifetime_minor AS value_minor, c.probability AS chance
        FROM belongs b
        LEFT JOIN {file(place, "segmentation", "scores")} s USING (customer_id)
        LEFT JOIN {file(place, "value", "tables/customers")} v USING (customer_id)
        LEFT JOIN (SELECT * FROM {file(place, "churn", "scores")} WHERE question = 'closure') c
               USING (customer_id)"""
    )

    def ask(select: str, scope: Scope, rest: str = ""):
        oracle.db.execute(
            "CREATE OR REPLACE TEMP TABLE own AS SELECT unnest(?::BIGINT[]) AS id", [list(oracle.own(scope))]
        )
        return oracle.sql(f"SELECT {select} FROM answers WHERE customer_id IN (SELECT id FROM own) {rest}")

    return ask


@pytest.mark.parametrize("name", NAMES)
def test_portraits_count_and_sum_own_customers_alone(place, scopes, answers, name):
    view = place.as_seen_by(person(scopes[name]))
    direct = answers(
        "segment, count(*), sum(profit_minor), round(sum(value_minor)), avg(chance)", scopes[name],
        "AND segment IS NOT NULL GROUP BY segment",
    )  # fmt: skip
    expected = {
        row[0]: (row[1], row[2], row[3] and int(row[3]), row[4] and pytest.approx(row[4])) for row in direct
    }
    seen = {
        one.name: (one.customers, one.profit_minor, one.value_minor, one.churn)
        for one in segments.portraits(view)
    }
    assert seen == expected
    assert all(one.whole is None for one in segments.portraits(view))


def test_what_sets_a_segment_apart_is_the_difference_of_shares_by_sql(place, scopes, answers):
    scope = Scope()
    view = place.as_seen_by(person(scope))
    told = [
        (one.name, each)
        for one in segments.portraits(view)
        for each in one.contrasts
        if each.column == "kind"
    ]
    assert told
    for name, each in told:
        [(inside, outside)] = answers(
            f"avg(CASE WHEN kind = '{each.word}' THEN 1.0 ELSE 0.0 END) FILTER (segment = '{name}'), "
            f"avg(CASE WHEN kind = '{each.word}' THEN 1.0 ELSE 0.0 END) FILTER (segment <> '{name}')",
            scope,
        )  # fmt: skip
        assert (each.inside, each.outside) == (pytest.approx(inside), pytest.approx(outside))
        assert each.effect == pytest.approx(inside - outside)


def test_the_effect_of_a_number_is_cliffs_delta_counted_pair_by_pair(place, oracle, answers):
    view = place.as_seen_by(person(Scope()))
    told = [
        (one.name, each)
        for one in segments.portraits(view)
        for each in one.contrasts
        if each.column == "profit_minor"
    ]
    assert told
    for name, each in told[:2]:
        [(delta,)] = oracle.sql(
            "SELECT avg(sign(a.profit_minor - b.profit_minor)) FROM answers a, answers b "
            "WHERE a.segment = ? AND b.segment <> ? AND a.profit_minor IS NOT NULL "
            "AND b.profit_minor IS NOT NULL",
            name,
            name,
        )
        assert each.effect == pytest.approx(delta)


def test_what_the_run_says_of_the_whole_bank_is_for_whoever_sees_it(place, scopes):
    part, whole = place.as_seen_by(person(scopes["both"])), place.as_seen_by(person(Scope()))
    assert all(one.whole for one in segments.portraits(whole))
    assert segments.ways_of_life(part) == ([], 0.0)
    assert segments.ways_of_life(whole)[0]
    assert not value.moves(part)
    assert all(one.before_minor is None for one in value.components(part))


@pytest.mark.parametrize("name", NAMES)
def test_the_runs_look_back_counts_own_customers(place, oracle, scopes, name):
    view = place.as_seen_by(person(scopes[name]))
    seen = segments.look_back(view)
    if segments.WHEREABOUTS not in view.lists("segmentation"):
        assert seen is None  # runs of before kept it for the whole bank only
        return
    rows = oracle.rows_of(
        place.state().usable(place.state().cutoff)["segmentation"].folder / "tables" / "whereabouts.parquet",
        scopes[name],
    )
    assert seen is not None
    _, moves = seen
    assert (moves.both, moves.moved) == (len(rows), sum(row["source"] != row["target"] for row in rows))
    for a, source in enumerate(moves.names):
        for b, target in enumerate(moves.names):
            told = [row for row in rows if (row["source"], row["target"]) == (source, target)]
            assert moves.cells[a][b] == len(told)


def test_before_any_run_there_are_no_segments(place):
    from datetime import date

    with pytest.raises(NotFound, match="no segments"):
        segments.portraits(place.as_seen_by(person(Scope()), date(2025, 1, 1)))


RULES = (
    Rule("rich", "", (Ask("value_minor", "at_least", "5000"), Ask("kind", "is", "person"))),
    Rule("earning", "", (Ask("profit_minor", "at_least", "100.50"),)),
    Rule("no value", "", (Ask("value_minor", "missing"),)),
)
BY_SQL = """CASE WHEN value_minor >= 500000 AND kind = 'person' THEN 'rich'
WHEN profit_minor >= 10050 THEN 'earning' WHEN value_minor IS NULL THEN 'no value' END"""


@pytest.mark.parametrize("name", NAMES)
def test_rules_take_the_customers_that_sql_takes(place, scopes, answers, name):
    view = place.as_seen_by(person(scopes[name]))
    seen = rule_counts.counted(table_of(view), RULES)
    taken = dict(answers(f"{BY_SQL} AS rule, count(*)", scopes[name], "GROUP BY rule"))
    assert {one.name: one.takes for one in seen.rules if one.takes} == {k: v for k, v in taken.items() if k}
    assert seen.other.takes == taken.get(None, 0)
    [(rich,)] = answers("count(*)", scopes[name], "AND value_minor >= 500000 AND kind = 'person'")
    [(both,)] = answers(
        "count(*)", scopes[name], "AND value_minor >= 500000 AND kind = 'person' AND profit_minor >= 10050"
    )
    assert (seen.rules[0].alone, seen.overlap[0][1], seen.total) == (rich, both, view.count())
    members = {row["customer_id"]: row["rule"] for row in _rows(described(view, RULES))}
    direct = dict(answers(f"customer_id, {BY_SQL}", scopes[name]))
    assert members == {hexadecimal(customer): rule for customer, rule in direct.items()}


def _rows(table):
    names = [one.name for one in table.shown]
    return [dict(zip(names, row, strict=True)) for row in table.export()]


def test_agreement_is_the_adjusted_rand_index_of_scikit_learn(place, answers):
    from sklearn.metrics import adjusted_rand_score

    view = place.as_seen_by(person(Scope()))
    pairs = answers(f"segment, coalesce({BY_SQL}, '-')", Scope(), "AND segment IS NOT NULL")
    seen = rule_counts.counted(table_of(view), RULES)
    assert seen.agreement == pytest.approx(adjusted_rand_score(*zip(*pairs, strict=True)))
    crossed = {
        (row, one): cell
        for row, cells in enumerate(seen.crossing)
        for one, cell in zip(seen.found, cells, strict=True)
    }
    for segment in seen.found:
        assert crossed[0, segment] == sum(pair == (segment, "rich") for pair in pairs)
        assert crossed[len(RULES), segment] == sum(pair == (segment, "-") for pair in pairs)


def test_rules_of_the_found_segment_agree_with_it_fully(place):
    view = place.as_seen_by(person(Scope()))
    names = [one.name for one in segments.portraits(view)]
    same = [Rule(name, "", (Ask("segment", "is", name),)) for name in names]
    assert rule_counts.counted(table_of(view), same).agreement == 1.0


def test_the_banks_sql_segments_are_asked_as_the_run_asked_them(place, oracle, scopes):
    scope = scopes["first branch"]
    view = place.as_seen_by(person(scope))
    kept = oracle.sql(f"SELECT customer_id, title FROM {file(place, 'segmentation', 'tables/predefined')}")
    own = oracle.own(scope)
    for title in {title for _, title in kept}:
        seen = rule_counts.counted(table_of(view), [Rule("r", "", (Ask("bank_segment", "has", title),))])
        assert seen.rules[0].takes == sum(one in own and said == title for one, said in kept)


def test_a_rule_over_what_may_not_be_read_says_so_and_takes_nobody(place, scopes):
    rights = set(Permission) - {Permission.CHURN_READ}
    view = place.as_seen_by(person(scopes["both"], rights))
    risky = Rule("risky", "", (Ask("churn_chance", "at_least", "1"),))
    seen = rule_counts.counted(table_of(view), [risky])
    assert seen.rules[0].problem
    assert seen.rules[0].takes == 0
    everybody = rule_counts.counted(table_of(place.as_seen_by(person(scopes["both"]))), [risky])
    assert everybody.rules[0].takes > 0


def test_moves_by_rules_between_two_dates_hold_own_customers_alone(place, oracle, scopes):
    from datetime import date

    scope, since = scopes["both"], date(2025, 1, 1)
    rules = [Rule("old", "", (Ask("years", "at_least", "5"),))]
    now, then = place.as_seen_by(person(scope)), place.as_seen_by(person(scope), since)
    seen = segments.moves_by_rules(then, now, rules)
    assert seen.both == len(
        {row["customer_id"] for row in then.customers(size=1000)}
        & {row["customer_id"] for row in now.customers(size=1000)}
    )
    assert sum(map(sum, seen.cells)) == seen.both
    assert seen.cells[0][1] == 0  # nobody grows younger
    assert seen.both + seen.joined == now.count() == len(oracle.own(scope))


@pytest.mark.parametrize("name", NAMES)
def test_value_totals_and_lists_equal_a_direct_query(place, scopes, answers, name):
    scope = scopes[name]
    view = place.as_seen_by(person(scope))
    [(count, profit, worth, losing, lost)] = answers(
        "count(profit_minor), coalesce(sum(profit_minor), 0), coalesce(round(sum(value_minor)), 0), "
        "count(*) FILTER (profit_minor < 0), coalesce(sum(profit_minor) FILTER (profit_minor < 0), 0)",
        scope,
    )  # fmt: skip
    seen = value.totals(view)
    assert (seen.customers, seen.profit_minor, seen.value_minor) == (count, profit, worth)
    assert (seen.losing, seen.lost_minor) == (losing, lost)
    risky = answers(
        "customer_id, value_minor * chance", scope,
        "AND value_minor >= (SELECT quantile_cont(value_minor, .8) FROM answers WHERE customer_id IN "
        "(SELECT id FROM own)) AND chance >= (SELECT quantile_cont(chance, .8) FROM answers WHERE "
        "customer_id IN (SELECT id FROM own))",
    )  # fmt: skip
    assert seen.risky == len(risky)
    listed = {row["customer_id"]: row["stake_minor"] for row in _rows(value.table_of(view, "at_risk"))}
    assert listed == {
        hexadecimal(customer): pytest.approx(stake) if stake > 0 else None for customer, stake in risky
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_profit_is_made_of_sums_own_rows(place, oracle, scopes, name):
    rows = oracle.rows_of(
        place.state().usable(place.state().cutoff)["value"].folder / "tables" / "customers.parquet",
        scopes[name],
    )
    view = place.as_seen_by(person(scopes[name]))
    for one in value.components(view):
        assert one.minor == sum(row[f"{one.name}_minor"] or 0 for row in rows)


def test_only_own_customers_may_be_called(place, oracle, scopes):
    view = place.as_seen_by(person(scopes["first branch"]))
    own = [hexadecimal(one) for one in sorted(oracle.own(scopes["first branch"]))[:30]]
    foreign = [hexadecimal(one) for one in sorted(oracle.foreign(scopes["first branch"]))[:30]]
    assert list(value.contactable(view, [*foreign, *own])) == own
    assert [row[0] for row in value.those(view, [*foreign, *own]).export()] == own
    consent = {row["customer_id"]: row["consent"] for row in view.customers(size=1000)}
    assert all(consent[one] == said for one, said in value.contactable(view, own).items())


def test_counts_are_plain_values_that_name_no_customer(place, scopes):
    view = place.as_seen_by(person(scopes["first branch"]))
    assert "customer_id" not in str(asdict(rule_counts.counted(table_of(view), RULES)))
