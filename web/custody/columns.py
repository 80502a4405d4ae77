"""What an exported line says of a ticket: nobody's name unless that was asked for and agreed."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from core.i18n import N_, translate
from core.numbers import masked
from core.people import sealed
from core.privacy import Keys
from core.tables import Contact, Ticket
from intake import contacts
from routing import queries as routing_queries
from web import words
from web.custody.tables import TicketExport
from web.pages import views

HEADS = (
    N_("编号"), N_("收到时间"), N_("类型"), N_("渠道"), N_("类别"), N_("方案任务"), N_("承办单位"),
    N_("状态"), N_("紧急程度"), N_("企业诉求"), N_("最晚答复"), N_("超时时间"), N_("答复时间"),
    N_("办结时间"), N_("办理结果"), N_("企业评价"), N_("重办次数"),
)  # fmt: skip
TEXTS = (N_("标题"), N_("诉求内容"))
IDENTITY = (N_("企业"), N_("信用代码"), N_("联系人"), N_("联系电话"))
SEALED = N_("（保密）")


class Book:
    """What every line needs to be put into words, looked up once."""

    def __init__(self, session: Session, keys: Keys, row: TicketExport) -> None:
        self.keys, self.language = keys, row.language
        self.texts, self.identified = row.texts, row.identified
        self.units = routing_queries.unit_names(session)
        self.categories = views.category_names(session, row.language)

    def word(self, msgid: str) -> str:
        return translate(self.language, msgid)


def head_words(book: Book) -> list[str]:
    """The first line."""
    texts = TEXTS if book.texts or book.identified else ()
    return [book.word(head) for head in (*HEADS, *texts, *(IDENTITY if book.identified else ()))]


def line(book: Book, ticket: Ticket, contact: Contact | None) -> list[str | int | datetime | None]:
    """A ticket's line."""
    made = _plain(book, ticket)
    if book.identified:
        return [*made, *_texts(book, ticket), *_identity(book, ticket, contact)]
    return [*made, *_texts(book, ticket)] if book.texts else made


def _plain(book: Book, ticket: Ticket) -> list[Any]:
    language = book.language
    return [
        ticket.number,
        ticket.received_at,
        words.word(language, words.REQUEST, ticket.request),
        words.word(language, words.CHANNEL, ticket.channel),
        book.categories.get(ticket.category or "", ""),
        ticket.task,
        book.units.get(ticket.lead or "", ""),
        words.word(language, words.STATUS, ticket.status),
        words.word(language, words.URGENCY, ticket.urgency),
        book.word("是") if ticket.enterprise else book.word("否"),
        ticket.due_at,
        ticket.breached_at,
        ticket.replied_at,
        ticket.closed_at,
        words.word(language, words.RESULT, ticket.result),
        ticket.grade,
        ticket.redos,
    ]


def _texts(book: Book, ticket: Ticket) -> tuple[str, str]:
    """What was written, numbers masked; what is sealed may tell who wrote it by every word."""
    if sealed(ticket):
        return (book.word(SEALED), book.word(SEALED))
    if book.identified:
        return (ticket.title, ticket.content)
    return (masked(ticket.title), masked(ticket.content))


def _identity(book: Book, ticket: Ticket, contact: Contact | None) -> tuple[str, ...]:
    """Who complained: a sealed identity leaves the house in no list, whoever agreed."""
    if sealed(ticket):
        return (book.word(SEALED),) * len(IDENTITY)
    said = contacts.opened(book.keys, contact)
    return (ticket.company_name or "", ticket.uscc or "", said.name, said.phone)
