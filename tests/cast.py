"""The people of the tests: actors for every hat, and some of the district's units."""

from core.permissions import UNIT_ROLES, Actor, Role

APPROVAL, LABOUR, HOUSING, PARK = "xzspj", "rsj", "zjj", "jtjkq"
HOTLINE, GOVERNMENT, DISCIPLINE_BODY = "zhzx", "qzfb", "jwjw"


def staff(name: str, *roles: Role, unit: str | None = None) -> Actor:
    return Actor("staff", name, frozenset(roles), unit)


OPERATOR = staff("operator", Role.OPERATOR, unit=HOTLINE)
DISPATCHER = staff("dispatcher", Role.DISPATCHER, unit=HOTLINE)
DISPATCHER2 = staff("dispatcher2", Role.DISPATCHER, unit=HOTLINE)
CALLBACK = staff("callback", Role.CALLBACK, unit=HOTLINE)
SUPERVISOR = staff("supervisor", Role.OFFICE, unit=GOVERNMENT)
DISCIPLINE = staff("discipline", Role.DISCIPLINE, unit=DISCIPLINE_BODY)
SYSADMIN = staff("sysadmin", Role.SYSADMIN)
AUDITOR = staff("auditor", Role.AUDITOR)


def unit(code: str) -> Actor:
    """Somebody who may do for his unit whatever a unit may do."""
    return staff(f"{code}.somebody", *UNIT_ROLES, unit=code)


def handler(code: str) -> Actor:
    return staff(f"{code}.handler", Role.HANDLER, unit=code)


# Otto wears every hat of a unit, but of another one
OTTO = unit("otto")
