"""The sealed contact of a ticket: opened, made right, destroyed. Nobody else spells its places."""

from dataclasses import dataclass
from uuid import UUID

from core.desk import Desk
from core.errors import Invalid
from core.privacy import Keys
from core.tables import Contact
from core.texts import UncleanText, clean, half_width
from intake import identity
from intake.draft import EMAIL, LIMITS

COLUMNS = ("name", "phone", "email")


@dataclass(frozen=True, slots=True)
class Said:
    """A contact in clear; what is empty is not known."""

    name: str = ""
    phone: str = ""
    email: str = ""


def place(column: str, ticket_id: UUID) -> str:
    """What a sealed value of a contact is bound to."""
    return f"{column}:{ticket_id}"


def opened(keys: Keys, contact: Contact | None) -> Said:
    """Everything the contact holds, in clear: callers answer for who sees it."""
    if contact is None:
        return Said()
    held = {column: getattr(contact, column) for column in COLUMNS}
    return Said(
        **{
            column: keys.open(place(column, contact.ticket_id), sealed)
            for column, sealed in held.items()
            if sealed
        }
    )


def checked(values: dict[str, str]) -> Said:
    """What somebody says is right, normalised. Invalid names the field that cannot be."""
    name, phone, email = (values.get(column, "").strip() for column in COLUMNS)
    try:
        name = clean(name)
    except UncleanText as error:
        raise Invalid.one("name", error.code, "姓名含有不能保存的字符") from error
    if len(name) > LIMITS["contact_name"]:
        raise Invalid.one("name", "too_long", "姓名太长")
    if phone:
        found = identity.check_phone(phone[:40])
        if found.normal is None:
            message = found.message or "电话号码不正确"
            raise Invalid.one("phone", found.reason or "invalid", message, **found.params)
        phone = found.normal
    if email and not EMAIL.fullmatch(half_width(email[:254])):
        raise Invalid.one("email", "invalid", "电子邮箱格式不正确")
    return Said(name, phone, half_width(email))


def correct(desk: Desk, contact: Contact, right: Said) -> None:
    """Write what is right over what was wrong; what is not said stays."""
    for column in COLUMNS:
        value = getattr(right, column)
        if value:
            setattr(contact, column, desk.keys.seal(place(column, contact.ticket_id), value))
    if right.phone:
        contact.phone_index = desk.keys.blind("phone", right.phone)
        contact.phone_tail = right.phone[-4:]
    desk.session.add(contact)


def destroy(desk: Desk, contact: Contact) -> None:
    """Overwrite all of it: nothing is left that a key could open."""
    contact.name = contact.phone = contact.email = None
    contact.phone_index = contact.phone_tail = None
    desk.session.add(contact)
