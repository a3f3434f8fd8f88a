"""Every route of the pages × every role × own and other branch: who may ask for it, and about whom.

`python tests/web/matrix.py` prints the table that `permission_matrix.txt` holds; whoever adds a route or
changes a role reads the difference and commits it.
"""

from bankmine.governance import ROLES, Role
from bankmine.web.app import routes
from bankmine.web.routing import PUBLIC, SIGNED_IN, Route


def may(role: Role, route: Route) -> bool:
    """Whether the role alone is enough."""
    return all(
        one in (PUBLIC, SIGNED_IN, None) or one in ROLES[role] for one in (route.permission, route.also)
    )


def rows(route: Route) -> str:
    """What somebody limited to a branch is answered about its customers and about those of another."""
    if "{customer}" in route.path:
        return "own: answered; other: 404"
    return "own: listed; other: none" if route.dated else "no customers"


def lines() -> list[str]:
    """One line a route: what it needs, the roles that are enough, and which customers it speaks of."""
    found = []
    for route in sorted(routes(), key=lambda one: (one.path, one.method)):
        roles = [role.value for role in Role if may(role, route)]
        who = (
            "everybody"
            if route.permission is PUBLIC
            else "all"
            if len(roles) == len(Role)
            else ", ".join(roles)
        )
        needed = " + ".join(one.value for one in (route.permission, route.also) if one)
        found.append(f"{route.name} | {needed} | {who} | {rows(route)}")
    return found


if __name__ == "__main__":
    print("\n".join(lines()))
