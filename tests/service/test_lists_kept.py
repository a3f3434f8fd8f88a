"""Saved lists over the API: a shared one holds, for each token, the customers of its scope."""

from __future__ import annotations

import duckdb
import pytest
from callers import Caller

from bankmine.governance import Permission, Role, Scope, people
from bankmine.governance.person import load
from bankmine.service.caller import PREFIX
from bankmine.store import new_id
from bankmine.work import saved_lists

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("worked-bank")]
OWN = """
SELECT lower(format('{:016x}', CASE WHEN customer_id < 0 THEN customer_id::HUGEINT + 18446744073709551616
                               ELSE customer_id::HUGEINT END)) FROM (
  SELECT customer_id, arg_max(branch_id, (valid_from, known_at)) AS branch,
         arg_max(kind, (valid_from, known_at)) AS kind
  FROM read_parquet('%s', hive_partitioning = false) WHERE valid_from <= '2026-01-01' GROUP BY customer_id)
WHERE branch = ? AND kind = 'person'
"""


@pytest.fixture
def keep(store):
    """Keeps a list of somebody who sees the whole bank."""

    def make(**how):
        with store.begin() as connection:
            person = load(
                connection,
                people.add(
                    connection, None, name=f"Keeper {new_id()}", password="four quiet grey herons",
                    roles=tuple(Role), scope=Scope(),
                ),
            )  # fmt: skip
            return saved_lists.make(connection, person, "Persons", {"kind": "person"}, **how)

    return make


def test_a_shared_list_holds_the_customers_of_the_tokens_scope(caller: Caller, keep, bank) -> None:
    of = keep(shared=True)
    files = f"{bank.warehouse_folder}/customer/**/*.parquet"
    every = caller().get(f"{PREFIX}/lists/{of}", params={"size": 1_000, "as_of": "2026-01-01"}).json()
    seen = {row["branch_id"]: None for row in every["rows"]}
    for branch in list(seen)[:2]:
        one = caller(scope=Scope(branches=frozenset({branch})))
        found = one.get(f"{PREFIX}/lists/{of}", params={"size": 1_000, "as_of": "2026-01-01"}).json()
        own = {row[0] for row in duckdb.execute(OWN % files, [branch]).fetchall()}
        assert {row["customer_id"] for row in found["rows"]} == own
        assert found["total"] == len(own) > 0


def test_a_list_that_is_not_shared_does_not_exist_for_others(caller: Caller, keep) -> None:
    assert caller().get(f"{PREFIX}/lists/{keep(shared=False)}").status_code == 404
    assert caller().get(f"{PREFIX}/lists/{new_id()}").status_code == 404


def test_a_token_without_the_right_to_lists_is_refused(caller: Caller, keep) -> None:
    limited = caller(set(Permission) - {Permission.LISTS_READ})
    assert limited.get(f"{PREFIX}/lists/{keep(shared=True)}").status_code == 403
