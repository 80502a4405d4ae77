"""The mailbox on a real IMAP server: every message once, nobody's word taken for another's."""

import asyncio
import imaplib
import os
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
from imap_tools import MailBoxUnencrypted
from sqlmodel import Session, col, select

from core.desk import Office
from core.events import InfoAdded, InfoSupplied
from core.outbox import OutboxRow
from core.permissions import SYSTEM
from core.settings import Settings
from core.tables import Contact, Ticket, Words
from intake import queries
from intake.service import ask_info
from intake.tables import LineRow, MailRow
from notify.service import Mailroom, deliver_letter, plan_letters
from notify.tables import Letter
from notify.transports.base import DeliveryFailed, Message
from notify.wording import Site
from tests.cast import OPERATOR
from tests.conftest import MASTER
from tests.makers import count, facts, kinds, step, together, whole
from tests.notify.test_email import certificate  # noqa: F401 - a fixture
from web import mail_in

ROOT = Path(__file__).parents[2]
SENDER = "owner@firm.example"
TEXT = "设立登记提交后卡了两周，窗口每次说法都不一样。"
ADDRESS = "jiesu@gov.example"
BINARY = Path(sys.executable).with_name("pymap")


@dataclass
class Box:
    """The server, and what lies in its folders."""

    port: int

    @property
    def url(self) -> str:
        return f"imap://box:secret@127.0.0.1:{self.port}"

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        with self.open(folder) as box:
            for message in messages:
                box.append(message, folder)

    def holds(self, folder: str) -> int:
        with self.open("INBOX") as box:
            if not box.folder.exists(folder):
                return 0
            box.folder.set(folder)
            return len(box.uids())

    @contextmanager
    def open(self, folder: str) -> Iterator[MailBoxUnencrypted]:
        box = MailBoxUnencrypted("127.0.0.1", self.port)
        box.login("box", "secret", folder)
        yield box
        box.logout()

    @property
    def folders(self) -> tuple[int, int, int]:
        """How many messages are in the inbox, done and refused."""
        return self.holds("INBOX"), self.holds("jiesu-done"), self.holds("jiesu-refused")


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [str(BINARY), "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict"]
    login = ["--demo-user", "box", "--demo-password", "secret"]
    process = subprocess.Popen(
        [*words, *login], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def box(server: int) -> Box:
    found = Box(server)
    with found.open("INBOX") as opened:
        for folder in ("INBOX", "jiesu-done", "jiesu-refused"):
            if opened.folder.exists(folder):
                opened.folder.set(folder)
                opened.delete(opened.uids())
    return found


@pytest.fixture
def settings(box: Box) -> Settings:
    return Settings(mail_in_url=box.url, mail_in_address=ADDRESS, mail_from=f"接诉 <{ADDRESS}>")


class Post:
    """A way out that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.down = False

    def send(self, message: Message) -> None:
        if self.down:
            raise DeliveryFailed("down")
        self.sent.append(message)


def letter(text: str = TEXT, name: str = "<1@firm>", **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    headers = {"From": f"企业主 <{SENDER}>", "Subject": "登记太慢", "Message_ID": name} | headers
    for key, value in headers.items():
        message[key.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def rows(office: Office, table: type, **where: str) -> list:
    query = select(table).order_by(col(table.id))
    for name, value in where.items():
        query = query.where(col(getattr(table, name)) == value)
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(query))


def fates(office: Office) -> list[tuple[str, str]]:
    found = sorted(rows(office, MailRow), key=lambda row: (row.taken_at, row.state, row.code))
    return [(row.state, row.code) for row in found]


def one_ticket(office: Office) -> Ticket:
    [ticket] = rows(office, Ticket)
    return ticket


def acknowledged(office: Office) -> Message:
    """The letter the complainant is sent for his request, by the product's own way."""
    post = Post()
    room = Mailroom({"email": post}, Site("https://jiesu.example", "渭滨区", ADDRESS))
    with Session(office.engine) as session:
        plans = session.exec(select(OutboxRow).where(OutboxRow.actor == "notify.plan")).all()
    for plan in plans:
        with office.desk(SYSTEM) as desk:
            plan_letters(desk, plan.args["entry"], ("email",))
    for found in rows(office, Letter, channel="email", kind="received"):
        deliver_letter(office, room, found.id)
    [message] = post.sent
    return message


def answers(office: Office, settings: Settings, post: Post) -> None:
    for row in rows(office, MailRow):
        mail_in.answer(office, settings, post, row.id)


# --- filing -------------------------------------------------------------------------------


def test_a_letter_becomes_a_ticket_and_its_writer_is_told_number_and_code(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(letter())
    assert mail_in.poll(office, settings) == 1
    assert box.folders == (0, 1, 0)
    ticket = one_ticket(office)
    assert (ticket.channel, ticket.number[14]) == ("email", "E")
    assert (ticket.title, ticket.content) == ("登记太慢", TEXT)
    told = acknowledged(office)
    code = office.keys.open(f"query_code:{ticket.id}", ticket.query_code)
    assert told.to == SENDER
    assert "直接回复本邮件" in told.text
    assert ticket.number in told.text
    assert code in told.text
    assert told.reply_to.startswith(f"jiesu+{ticket.number.lower()}.")
    assert whole(office)


def test_the_rows_and_the_timeline_know_nobody(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(letter())
    mail_in.poll(office, settings)
    [row] = rows(office, MailRow)
    assert "firm" not in repr(row)
    with Session(office.engine) as session:
        contact = session.exec(select(Contact)).one()
    assert SENDER.encode() not in contact.email


def test_a_message_delivered_twice_is_filed_once(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(letter(), b"Received: from elsewhere\r\n" + letter())
    mail_in.poll(office, settings)
    box.put(letter())
    mail_in.poll(office, settings)
    assert count(office, Ticket) == 1
    assert box.folders == (0, 3, 0)


def test_another_letter_under_the_same_name_is_not_lost_but_refused_with_a_word(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(letter(), letter("完全不同的另一件事情，请办理。"))
    mail_in.poll(office, settings)
    assert fates(office) == [("filed", ""), ("refused", "same_id")]
    post = Post()
    answers(office, settings, post)
    assert "请新建一封邮件" in post.sent[0].text


def test_eight_pollers_file_each_message_once(office: Office, box: Box, settings: Settings) -> None:
    box.put(*(letter(name=f"<{n}@firm>", text=f"{TEXT}{n}") for n in range(6)))
    together(8, lambda _: mail_in.poll(office, settings))
    mail_in.poll(office, settings)
    assert count(office, Ticket) == 6
    assert box.folders == (0, 6, 0)


def test_eight_takers_of_one_message_register_it_once(office: Office, settings: Settings) -> None:
    arrival = mail_in.read(letter(), settings)
    found = together(8, lambda _: mail_in.take(office, settings, arrival))
    assert {fate.state for fate in found} == {"filed"}
    assert count(office, Ticket) == 1


DIES = """
    import os, sys
    sys.path.insert(0, {root!r})
    from core.settings import Settings
    from intake.mailbox import Opened
    from web import mail_in, wiring
    def die(self, uid, folder):
        print("durable", flush=True)
        os.kill(os.getpid(), 9)
    Opened.put_away = die
    settings = Settings()
    mail_in.poll(wiring.build(settings), settings)
"""


def test_killed_between_filing_and_moving_it_is_filed_once_and_then_moved(
    office: Office, box: Box, settings: Settings, district_url: str
) -> None:
    box.put(letter())
    environment = os.environ | {
        "DATABASE_URL": district_url,
        "JIESU_SECRET_KEY": MASTER,
        "JIESU_MAIL_IN_URL": box.url,
    }
    code = textwrap.dedent(DIES).format(root=str(ROOT))
    died = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert died.stdout.endswith("durable\n")
    assert count(office, Ticket) == 1
    assert box.folders == (1, 0, 0)
    mail_in.poll(office, settings)
    assert count(office, Ticket) == 1
    assert box.folders == (0, 1, 0)


def test_files_are_judged_by_their_content_and_the_sender_hears_of_those_left_out(
    office: Office, box: Box, settings: Settings
) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"], message["Message-ID"] = SENDER, "<f@x>"
    message.set_content(TEXT)
    message.add_attachment(
        b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="合同.pdf"
    )
    message.add_attachment(b"MZ\x90", maintype="application", subtype="pdf", filename="照片.png")
    message.add_attachment(b"x", maintype="application", subtype="zip", filename="全部.zip")
    box.put(message.as_bytes())
    mail_in.poll(office, settings)
    ticket, post = one_ticket(office), Post()
    with Session(office.engine) as session:
        assert [file.name for file in queries.attachments(session, ticket.id)] == ["合同.pdf"]
    answers(office, settings, post)
    [told] = post.sent
    assert "照片.png" in told.text
    assert "全部.zip" in told.text
    assert "合同" not in told.text


# --- what is refused or ignored -----------------------------------------------------------------


def test_what_cannot_be_taken_is_put_aside_and_its_sender_told_what_is_missing(
    office: Office, box: Box, settings: Settings
) -> None:
    charset = (
        f"From: {SENDER}\r\nMessage-ID: <7@x>\r\n"
        "Content-Type: text/plain; charset=utf-7\r\n\r\n+ADw-"
    )
    box.put(
        letter("短", name="<2@x>", Subject=""), charset.encode(), letter("长" * 6000, name="<3@x>")
    )
    mail_in.poll(office, settings)
    assert fates(office) == [("refused", "charset"), ("refused", "invalid"), ("refused", "invalid")]
    assert box.folders == (0, 0, 3)
    assert count(office, Ticket) == 0
    post = Post()
    answers(office, settings, post)
    answers(office, settings, post)
    texts = "".join(message.text for message in post.sent)
    assert len(post.sent) == 3
    assert all(said in texts for said in ("请至少写5个字", "编码", "最多5000字"))
    assert {message.to for message in post.sent} == {SENDER}
    assert all(row.answer is None for row in rows(office, MailRow))


def test_an_english_letter_is_answered_in_english(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(letter("hi", Subject="", From=SENDER))
    mail_in.poll(office, settings)
    post = Post()
    answers(office, settings, post)
    assert "could not" in post.sent[0].subject


def test_an_answer_that_cannot_go_out_waits_and_goes_later(
    office: Office, box: Box, settings: Settings, clock
) -> None:
    box.put(letter("短", Subject=""))
    mail_in.poll(office, settings)
    post = Post()
    post.down = True
    answers(office, settings, post)
    post.down = False
    answers(office, settings, post)
    assert post.sent == []
    clock.move(hours=1)
    assert mail_in.resend_due(office) == 1
    answers(office, settings, post)
    assert len(post.sent) == 1
    assert mail_in.resend_due(office) == 0


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"From": ADDRESS}, "own"),
    ],
)
def test_machines_are_neither_filed_nor_answered(
    office: Office, box: Box, settings: Settings, headers: dict, code: str
) -> None:
    box.put(letter(**headers))
    mail_in.poll(office, settings)
    assert fates(office) == [("ignored", code)]
    assert rows(office, MailRow)[0].answer_state == "none"
    assert box.folders == (0, 0, 1)


def test_our_own_letter_that_comes_back_starts_no_loop(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(*(letter("短", name=f"<{n}@x>", Subject="") for n in range(9)))
    mail_in.poll(office, settings)
    post = Post()
    answers(office, settings, post)
    assert len(post.sent) == 5


def test_a_message_too_large_is_not_fetched_and_its_sender_told(
    office: Office, box: Box, settings: Settings
) -> None:
    box.put(letter("大" * 1_200_000))
    mail_in.poll(office, settings.model_copy(update={"upload_limit_mb": 1}))
    [row] = rows(office, MailRow)
    assert (row.state, row.code, row.answer_state) == ("refused", "too_large", "queued")
    assert row.size > 3 * 2**20


# --- answers to our letters ---------------------------------------------------------------------


@pytest.fixture
def known(office: Office, box: Box, settings: Settings, clock) -> Message:
    """A ticket filed by mail, and the letter its writer got."""
    box.put(letter())
    mail_in.poll(office, settings)
    clock.move(minutes=1)
    return acknowledged(office)


def said(office: Office, event: InfoAdded | InfoSupplied) -> str:
    with Session(office.engine) as session:
        return session.get_one(Words, event.text).body


def test_an_answer_to_our_letter_is_added_to_its_ticket_by_its_complainant(
    office: Office, box: Box, settings: Settings, known: Message
) -> None:
    quoted = f"补充：今天又去了一次，还是不行。\n\n-----原始邮件-----\n{known.text}"
    box.put(
        letter(quoted, name="<2@x>", To=known.reply_to, From="other@home.example", Subject="Re: x")
    )
    mail_in.poll(office, settings)
    ticket = one_ticket(office)
    [added] = facts(office, ticket.id, InfoAdded)
    assert said(office, added) == "补充：今天又去了一次，还是不行。"
    assert fates(office)[-1] == ("added", "")
    assert box.folders == (0, 2, 0)
    with Session(office.engine) as session:
        plans = session.exec(select(OutboxRow).where(OutboxRow.actor == "notify.plan")).all()
    for plan in plans:
        with office.desk(SYSTEM) as desk:
            plan_letters(desk, plan.args["entry"], ("inbox",))
    assert rows(office, Letter, kind="info_added")
    assert whole(office)


def test_the_identifier_of_our_letter_is_proof_where_addresses_lose_their_plus(
    office: Office, box: Box, settings: Settings, known: Message
) -> None:
    box.put(letter("补充一点情况", name="<2@x>", In_Reply_To=f"<{known.letter}@gov.example>"))
    mail_in.poll(office, settings)
    assert len(facts(office, one_ticket(office).id, InfoAdded)) == 1


def test_what_was_asked_for_ends_the_waiting(office: Office, box: Box, settings: Settings) -> None:
    box.put(letter("我要反映一个情况，具体见后。", Subject="反映"))
    mail_in.poll(office, settings)
    ticket, told = one_ticket(office), acknowledged(office)
    assert ticket.status == "submitted"
    step(office, OPERATOR, ask_info, ticket.id, "请写明企业名称")
    box.put(letter("企业名称是石鼓新材料", name="<2@x>", To=told.reply_to))
    mail_in.poll(office, settings)
    assert len(facts(office, ticket.id, InfoSupplied)) == 1
    assert one_ticket(office).status != "need_info"


@pytest.mark.parametrize("forged", ["", "+{number}.00000000000000000000"])
def test_a_number_alone_is_no_proof_even_from_the_right_address(
    office: Office, box: Box, settings: Settings, known: Message, forged: str
) -> None:
    ticket = one_ticket(office)
    before = kinds(office, ticket.id)
    to = f"jiesu{forged.format(number=ticket.number.lower())}@gov.example"
    box.put(letter("撤回，不办了。", name="<2@x>", To=to, Subject=f"Re: {ticket.number}"))
    mail_in.poll(office, settings)
    assert fates(office)[-1] == ("refused", "number_only")
    assert kinds(office, ticket.id) == before
    assert count(office, Ticket) == 1


def test_the_signature_of_one_ticket_opens_no_other(
    office: Office, box: Box, settings: Settings, known: Message
) -> None:
    box.put(letter("另外一件完全不同的事", name="<9@x>", From="b@b.example"))
    mail_in.poll(office, settings)
    first, second = rows(office, Ticket)
    mixed = known.reply_to.replace(first.number.lower(), second.number.lower())
    box.put(letter("补充到别人的件", name="<2@x>", To=mixed, From="c@c.example"))
    mail_in.poll(office, settings)
    assert facts(office, second.id, InfoAdded) == []


def test_a_letter_to_a_member_of_staff_is_no_proof(
    office: Office, box: Box, settings: Settings, known: Message
) -> None:
    [mine] = rows(office, Letter, channel="email", kind="received")
    with office.desk(SYSTEM) as desk:
        row = desk.session.get_one(Letter, mine.id)
        row.recipient = "staff:x"
    box.put(letter("我要补充一点情况", name="<2@x>", In_Reply_To=f"<{mine.id}@gov.example>"))
    mail_in.poll(office, settings)
    assert fates(office)[-1] == ("filed", "")


# --- the line -------------------------------------------------------------------------------


def line(office: Office) -> LineRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(LineRow, "mail")


def test_the_worker_is_asked_once_until_it_comes_back(
    office: Office, box: Box, settings: Settings, clock
) -> None:
    assert mail_in.ask_if_due(office, Settings()) == 0
    assert [mail_in.ask_if_due(office, settings) for _ in range(3)] == [1, 0, 0]
    clock.move(minutes=2)
    assert mail_in.ask_if_due(office, settings) == 0
    mail_in.poll(office, settings)
    assert mail_in.ask_if_due(office, settings) == 1
    clock.move(minutes=6)  # the queue was flushed: asked again
    assert mail_in.ask_if_due(office, settings) == 1


def test_a_server_that_is_away_or_locked_is_told_without_its_words(
    office: Office, box: Box, settings: Settings
) -> None:
    gone = settings.model_copy(update={"mail_in_url": "imap://box:secret@127.0.0.1:1"})
    wrong = settings.model_copy(update={"mail_in_url": box.url.replace("secret", "wrong")})
    for changed, error in ((gone, "connection"), (wrong, "login")):
        parsed = Settings.model_validate(changed.model_dump())
        assert mail_in.poll(office, parsed) == 0
        assert (line(office).error, line(office).done_at) == (error, None)
    mail_in.poll(office, settings)
    assert (line(office).error, line(office).result) == (None, {"taken": 0})


@contextmanager
def behind_tls(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """The same server, spoken to over TLS."""

    async def forward(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            while piece := await source.read(4096):
                to.write(piece)
                await to.drain()
        to.close()

    async def both(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(forward(source, outer), forward(inner, to))

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # a handshake that is refused is the test's matter
    thread = Thread(target=loop.run_forever)
    thread.start()
    starting = asyncio.start_server(both, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_over_tls_only_a_server_that_is_what_it_says_is_talked_to(
    office: Office,
    box: Box,
    settings: Settings,
    certificate,  # noqa: F811 - the fixture
    monkeypatch,
) -> None:
    box.put(letter())
    with behind_tls(box.port, certificate) as port:
        over = Settings(mail_in_url=f"imaps://box:secret@127.0.0.1:{port}")
        assert mail_in.poll(office, over) == 0
        assert line(office).error == "tls"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
        assert mail_in.poll(office, over) == 1
    assert box.folders == (0, 1, 0)


def test_an_address_that_is_none_is_told_as_such(office: Office, box: Box) -> None:
    mail_in.poll(office, Settings(mail_in_url="pop3://box@127.0.0.1"))
    assert line(office).error == "settings"


def test_a_message_the_server_will_not_give_holds_up_no_other(
    office: Office, box: Box, settings: Settings, monkeypatch
) -> None:
    box.put(letter(), letter(name="<2@x>"))
    real = mail_in.Opened.raw
    given: list[str] = []

    def raw(self, uid: str) -> bytes:
        given.append(uid)
        if len(given) == 1:
            raise imaplib.IMAP4.error("[UNAVAILABLE] cannot open message")
        return real(self, uid)

    monkeypatch.setattr(mail_in.Opened, "raw", raw)
    assert mail_in.poll(office, settings) == 1
    assert (line(office).error, box.folders) == ("message", (1, 1, 0))
    assert mail_in.poll(office, settings) == 1
    assert line(office).error is None


def test_a_message_we_choke_on_does_not_hold_up_those_behind_it(
    office: Office, box: Box, settings: Settings, monkeypatch
) -> None:
    def choke(desk, wanted):
        if "卡住" in wanted.content:
            raise RuntimeError("a fault of ours")
        return real(desk, wanted)

    real = mail_in.filing.advice
    monkeypatch.setattr(mail_in.filing, "advice", choke)
    box.put(letter("这封会卡住系统", name="<1@x>"), letter(name="<2@x>"))
    mail_in.poll(office, settings)
    assert fates(office) == [("filed", ""), ("refused", "broken")]
    assert box.folders == (0, 1, 1)


def test_the_administrator_sees_the_line_and_the_reasons_but_no_sender(
    office: Office, box: Box, settings: Settings, staff, house
) -> None:
    box.put(letter("短", Subject=""), letter(name="<2@x>"))
    mail_in.poll(office, settings)
    client = staff("sysadmin")
    page = client.get("/mailbox").text
    assert "没有设置收件邮箱" in page  # this process was not told of it
    assert "内容缺少或过长" in page
    assert "待回复" in page
    assert "firm" not in page
    [ticket] = rows(office, Ticket)
    assert ticket.number[15:21] in client.get("/mailbox?state=taken").text
    assert client.get("/mailbox?after=nonsense").status_code == 422
    assert client.post("/mailbox/poll").json()["code"] == "no_mailbox"
