"""Who may do what: one table of roles and acts, asked first by every use case."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import Forbidden


class Role(StrEnum):
    """The hats of the domain's role table; a person may wear several, within the separations."""

    BUSINESS = "business"
    VISITOR = "visitor"
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    CALLBACK = "callback"
    LIAISON = "liaison"
    HANDLER = "handler"
    HEAD = "head"
    OFFICE = "office"
    DISCIPLINE = "discipline"
    LEADER = "leader"
    WATCHER = "watcher"
    ASSESSOR = "assessor"
    EDITOR = "editor"
    SYSADMIN = "sysadmin"
    SECADMIN = "secadmin"
    AUDITOR = "auditor"
    PRIVACY = "privacy"
    CLIENT = "client"
    PARTNER = "partner"
    SYSTEM = "system"


class Act(StrEnum):
    """One verb a use case asks leave for."""

    FILE = "file"
    FILE_FOR_OTHERS = "file_for_others"
    FOLLOW_OWN = "follow_own"
    RATE_OWN = "rate_own"
    READ_TICKETS = "read_tickets"
    READ_SEALED = "read_sealed"
    UNMASK = "unmask"
    UNMASK_OWN = "unmask_own"
    ACCEPT = "accept"
    ANSWER = "answer"
    PROPOSE_REFUSAL = "propose_refusal"
    APPROVE_REFUSAL = "approve_refusal"
    DISPATCH = "dispatch"
    RULE_ON_RETURN = "rule_on_return"
    SIGN = "sign"
    ASK_RETURN = "ask_return"
    ASSIGN = "assign"
    HANDLE = "handle"
    REPLY = "reply"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    GRANT_LONG_EXTENSION = "grant_long_extension"
    ASK_HOLD = "ask_hold"
    GRANT_HOLD = "grant_hold"
    SUPERVISE = "supervise"
    ANSWER_SUPERVISION = "answer_supervision"
    REVIEW_REPLY = "review_reply"
    FINALISE = "finalise"
    CALL_BACK = "call_back"
    NOTE = "note"
    FIGURES_ALL = "figures_all"
    FIGURES_UNIT = "figures_unit"
    PUBLISH_BULLETIN = "publish_bulletin"
    EDIT_RULES = "edit_rules"
    PUBLISH_RULES = "publish_rules"
    MANAGE_PEOPLE = "manage_people"
    ASSIGN_ROLES = "assign_roles"
    READ_ACCOUNTS = "read_accounts"
    READ_LEDGER = "read_ledger"
    OPERATE = "operate"
    READ_CARDS = "read_cards"
    EDIT_CARDS = "edit_cards"
    CONFIRM_CARDS = "confirm_cards"
    EDIT_PHRASES = "edit_phrases"
    EXPORT = "export"
    EXPORT_IDENTIFIED = "export_identified"
    GUARD_PRIVACY = "guard_privacy"
    IMPORT = "import"
    MANAGE_CLIENTS = "manage_clients"


class Scope(StrEnum):
    """What a program outside was given leave for; its hat alone allows nothing."""

    TICKETS_FILE = "tickets:file"
    TICKETS_READ = "tickets:read"
    OPEN311_FILE = "open311:file"
    FIGURES_READ = "figures:read"


_UNIT = {Act.READ_TICKETS, Act.NOTE, Act.FIGURES_UNIT, Act.READ_CARDS, Act.UNMASK_OWN}
TABLE: Mapping[Role, frozenset[Act]] = {
    Role.BUSINESS: frozenset({Act.FILE, Act.FOLLOW_OWN, Act.RATE_OWN}),
    Role.VISITOR: frozenset({Act.FILE}),
    Role.OPERATOR: frozenset(
        {Act.FILE, Act.FILE_FOR_OTHERS, Act.READ_TICKETS, Act.UNMASK, Act.ACCEPT}
        | {Act.ANSWER, Act.PROPOSE_REFUSAL, Act.NOTE, Act.READ_CARDS}
    ),
    Role.DISPATCHER: frozenset(
        {Act.FILE, Act.FILE_FOR_OTHERS, Act.READ_TICKETS, Act.READ_SEALED, Act.UNMASK}
        | {Act.ACCEPT, Act.PROPOSE_REFUSAL, Act.APPROVE_REFUSAL, Act.DISPATCH}
        | {Act.RULE_ON_RETURN, Act.REVIEW_REPLY, Act.NOTE, Act.FIGURES_ALL, Act.EDIT_RULES}
        | {Act.GRANT_EXTENSION, Act.READ_CARDS, Act.EXPORT, Act.IMPORT}
    ),
    Role.CALLBACK: frozenset({Act.READ_TICKETS, Act.CALL_BACK, Act.NOTE, Act.READ_CARDS}),
    Role.LIAISON: frozenset(_UNIT | {Act.SIGN, Act.ASK_RETURN, Act.ASSIGN}),
    Role.HANDLER: frozenset(_UNIT | {Act.SIGN, Act.HANDLE, Act.REPLY}),
    Role.HEAD: frozenset(
        _UNIT
        | {Act.SIGN, Act.ASK_RETURN, Act.ASSIGN, Act.HANDLE, Act.REPLY, Act.ASK_EXTENSION}
        | {Act.ASK_HOLD, Act.ANSWER_SUPERVISION, Act.CONFIRM_CARDS, Act.EDIT_PHRASES}
        | {Act.EXPORT}
    ),
    Role.OFFICE: frozenset(
        {Act.READ_TICKETS, Act.READ_SEALED, Act.UNMASK, Act.ACCEPT, Act.APPROVE_REFUSAL}
        | {Act.DISPATCH, Act.RULE_ON_RETURN, Act.REVIEW_REPLY, Act.NOTE, Act.FIGURES_ALL}
        | {Act.PUBLISH_BULLETIN, Act.EDIT_RULES, Act.PUBLISH_RULES, Act.GRANT_EXTENSION}
        | {Act.GRANT_LONG_EXTENSION, Act.GRANT_HOLD, Act.SUPERVISE, Act.READ_CARDS}
        | {Act.EXPORT, Act.EXPORT_IDENTIFIED, Act.FINALISE, Act.IMPORT}
    ),
    Role.DISCIPLINE: frozenset({Act.READ_TICKETS, Act.READ_SEALED, Act.UNMASK, Act.NOTE}),
    Role.LEADER: frozenset({Act.FIGURES_ALL}),
    Role.WATCHER: frozenset({Act.FILE, Act.FOLLOW_OWN}),
    Role.ASSESSOR: frozenset({Act.FIGURES_ALL}),
    Role.EDITOR: frozenset({Act.READ_CARDS, Act.EDIT_CARDS, Act.EDIT_PHRASES}),
    Role.SYSADMIN: frozenset({Act.OPERATE, Act.MANAGE_PEOPLE, Act.READ_ACCOUNTS}),
    Role.SECADMIN: frozenset({Act.ASSIGN_ROLES, Act.READ_ACCOUNTS, Act.MANAGE_CLIENTS}),
    Role.AUDITOR: frozenset({Act.READ_LEDGER, Act.READ_ACCOUNTS}),
    Role.PRIVACY: frozenset({Act.GUARD_PRIVACY}),
    Role.CLIENT: frozenset[Act](),
    Role.PARTNER: frozenset[Act](),
    # a second person is a person: no program confirms what somebody proposed
    Role.SYSTEM: frozenset(Act)
    - {Act.RATE_OWN, Act.APPROVE_REFUSAL, Act.UNMASK, Act.UNMASK_OWN, Act.PUBLISH_RULES}
    - {Act.GRANT_EXTENSION, Act.GRANT_LONG_EXTENSION, Act.GRANT_HOLD, Act.CONFIRM_CARDS}
    - {Act.EXPORT, Act.EXPORT_IDENTIFIED, Act.GUARD_PRIVACY, Act.MANAGE_CLIENTS},
}
# a program follows what it filed itself, never anybody else's
SCOPES: Mapping[Scope, frozenset[Act]] = {
    Scope.TICKETS_FILE: frozenset({Act.FILE, Act.FILE_FOR_OTHERS}),
    Scope.TICKETS_READ: frozenset({Act.FOLLOW_OWN}),
    Scope.OPEN311_FILE: frozenset({Act.FILE, Act.FOLLOW_OWN}),
    Scope.FIGURES_READ: frozenset({Act.FIGURES_ALL}),
}
# graded protection: these three never meet in one person
SEPARATED = (Role.SYSADMIN, Role.SECADMIN, Role.AUDITOR)
# only these accuse somebody; a question or praise about a unit may well go to it
ACCUSING = frozenset({"complaint", "report"})
UNIT_ROLES = frozenset({Role.LIAISON, Role.HANDLER, Role.HEAD})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a kind and an id that go into the entry, roles, unit if any, a program's scopes."""

    kind: str
    id: str = ""
    roles: frozenset[Role] = frozenset()
    department: str | None = None
    scopes: frozenset[Scope] = frozenset()

    @property
    def tag(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


SYSTEM = Actor("system", roles=frozenset({Role.SYSTEM}))
VISITOR = Actor("visitor", roles=frozenset({Role.VISITOR}))


def partner(unit: str) -> Actor:
    """A body outside the district, known by the signed link it was sent."""
    return Actor("partner", unit, frozenset({Role.PARTNER}))


def business(ticket_number: str) -> Actor:
    """The complainant of one ticket, known by number and query code."""
    return Actor("business", ticket_number, frozenset({Role.BUSINESS}))


def client(key: str, scopes: frozenset[Scope]) -> Actor:
    """A program outside, known by its key."""
    return Actor("client", key, frozenset({Role.CLIENT}), scopes=scopes)


def may(actor: Actor, act: Act) -> bool:
    """Whether any of the actor's roles allows the act, or any of a program's scopes."""
    if any(act in TABLE[role] for role in actor.roles):
        return True
    return any(act in SCOPES[scope] for scope in actor.scopes)


def demand_scope(actor: Actor, scope: Scope) -> None:
    """Forbidden for a program without this very scope; people have hats instead."""
    if Role.CLIENT in actor.roles and scope not in actor.scopes:
        raise Forbidden("此密钥没有这项权限", code="scope")


def demand(actor: Actor, act: Act) -> None:
    """Forbidden unless `may`."""
    if not may(actor, act):
        raise Forbidden


def demand_unit(actor: Actor, act: Act, department: str) -> None:
    """Forbidden unless the actor may, and belongs to the department (the system always does)."""
    demand(actor, act)
    if actor.department != department and Role.SYSTEM not in actor.roles:
        raise Forbidden


def separated(roles: frozenset[Role]) -> bool:
    """Whether a set of roles keeps the three administrations apart."""
    return sum(role in roles for role in SEPARATED) <= 1
