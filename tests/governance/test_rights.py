"""One table of rights, deny by default."""

from pathlib import Path

import pytest

from bankmine.errors import Forbidden
from bankmine.governance import ROLES, Permission, Person, Role, Scope
from bankmine.governance.permissions import permissions_of, table_lines

DOCS = Path(__file__).parents[2] / "docs"


def person(*roles: Role) -> Person:
    return Person("P", "Ann", roles, permissions_of(roles), Scope())


def test_permissions_are_nouns_and_verbs_in_order() -> None:
    words = [one.value for one in Permission]
    assert words == sorted(words)
    assert all(word.count(":") == 1 for word in words)
    assert [one.name for one in Permission] == [one.value.replace(":", "_").upper() for one in Permission]


def test_every_role_has_its_line_and_every_permission_a_role() -> None:
    assert set(ROLES) == set(Role)
    assert frozenset().union(*ROLES.values()) == set(Permission)


def test_no_role_gives_no_right() -> None:
    assert permissions_of(()) == frozenset()


def test_several_roles_give_the_rights_of_each() -> None:
    both = permissions_of((Role.auditor, Role.operator))
    assert both == ROLES[Role.auditor] | ROLES[Role.operator]


def test_who_gives_rights_sees_no_customer() -> None:
    assert not {one for one in ROLES[Role.administrator] if one.startswith("customers:")}


def test_an_auditor_only_reads() -> None:
    assert {one.partition(":")[2] for one in ROLES[Role.auditor]} == {"read"}


def test_a_miner_sees_customers_but_neither_names_nor_exports() -> None:
    miner = ROLES[Role.data_miner]
    assert Permission.CUSTOMERS_READ in miner
    assert not {Permission.CUSTOMERS_UNMASK, Permission.LISTS_EXPORT} & miner


def test_a_right_one_lacks_is_refused_by_its_name() -> None:
    with pytest.raises(Forbidden, match="people:write"):
        person(Role.operator).require(Permission.PEOPLE_WRITE)
    person(Role.administrator).require(Permission.PEOPLE_WRITE)


def test_an_empty_scope_is_not_everything() -> None:
    assert Scope().everything
    assert not Scope(branches=frozenset()).everything
    assert not Scope(managers=frozenset({"7"})).everything


def test_the_documentation_shows_the_table_as_it_is() -> None:
    assert "\n".join(table_lines()) in (DOCS / "people.md").read_text()
