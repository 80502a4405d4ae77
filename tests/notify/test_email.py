"""E-mail against a real SMTP server on this machine."""

import socket
import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.permissions import SYSTEM
from notify.service import Mailroom, deliver_letter, plan_letters, resend_due
from notify.transports.base import DeliveryFailed, Message
from notify.transports.email import Email
from tests.notify.makers import EMAIL, SITE, filed, issued, letters, one_email, settle

LETTER = UUID("01a1ec61-e100-7c58-bb02-31cdff03d85a")
AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
SENDER = "接诉 <jiesu@gov.example>"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postbox:
    """What the server got, and what it answers instead of taking more."""

    def __init__(self):
        self.got = []
        self.refuse_recipient = None
        self.refuse_text = None
        self.encrypted = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the server calls it so
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the server calls it so
        if self.refuse_text:
            return self.refuse_text
        self.encrypted.append(session.ssl is not None)
        self.got.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@contextmanager
def listening(box, port=None, **options):
    controller = Controller(box, hostname="127.0.0.1", port=port or free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def box():
    return Postbox()


@pytest.fixture
def port(box):
    with listening(box) as port:
        yield port


def message(to="firm@example.com", **values):
    said = {"subject": "诉求件 1 已收到", "text": "您好：\n已收到。\n", "language": "zh", "at": AT}
    return Message(LETTER, to, **(said | values))


def to(port, scheme="smtp", login=""):
    return Email(f"{scheme}://{login}127.0.0.1:{port}", sender=SENDER, timeout=5)


def failure(transport, **values):
    with pytest.raises(DeliveryFailed) as caught:
        transport.send(message(**values))
    return caught.value


def test_a_chinese_letter_arrives_as_it_was_written(box, port):
    to(port).send(message())
    (mail,) = box.got
    assert mail["Subject"] == "诉求件 1 已收到"
    assert mail["From"] == SENDER
    assert mail["To"] == "firm@example.com"
    assert mail["Message-ID"] == f"<{LETTER}@gov.example>"
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh"
    assert mail.get_content().splitlines() == ["您好：", "已收到。"]


def test_a_letter_sent_twice_carries_the_same_id_twice(box, port):
    to(port).send(message())
    to(port).send(message(at=AT + timedelta(minutes=5)))
    first, second = box.got
    assert first["Date"] != second["Date"]
    assert first["Message-ID"] == second["Message-ID"]


def test_an_address_that_is_refused_is_refused_for_good(box, port):
    box.refuse_recipient = "550 <firm@example.com> unknown"
    failed = failure(to(port))
    assert (failed.reason, failed.permanent) == ("recipient refused (550)", True)


def test_a_busy_box_is_tried_again(box, port):
    box.refuse_recipient = "450 <firm@example.com> busy"
    failed = failure(to(port))
    assert (failed.reason, failed.permanent) == ("recipient refused (450)", False)


def test_a_farewell_that_fails_does_not_unsend_a_letter(box, port):
    async def hang_up(server, session, envelope):
        server.transport.close()
        return "221 too late"

    box.handle_QUIT = hang_up
    to(port).send(message())
    assert len(box.got) == 1


@pytest.mark.parametrize(("code", "permanent"), [(554, True), (451, False)])
def test_a_text_that_is_refused_dies_or_waits_by_its_code(box, port, code, permanent):
    box.refuse_text = f"{code} no"
    failed = failure(to(port))
    assert (failed.reason, failed.permanent) == (f"letter refused ({code})", permanent)


def test_a_server_that_is_down_is_a_passing_trouble():
    failed = failure(to(free_port()))
    assert not failed.permanent
    assert failed.reason == "no connection to the mail server (ConnectionRefusedError)"


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        transport = Email(f"smtp://127.0.0.1:{port}", sender=SENDER, timeout=0.2)
        failed = failure(transport)
    assert (failed.reason, failed.permanent) == (
        "no connection to the mail server (SMTPServerDisconnected)",
        False,
    )


def test_an_address_with_a_line_break_never_reaches_the_wire(box, port):
    assert failure(to(port), to="a@example.com\r\nBcc: b@example.com").permanent
    assert box.got == []


def test_an_address_beyond_ascii_goes_out_where_the_server_takes_it(box):
    with listening(box, enable_SMTPUTF8=True) as port:
        to(port).send(message(to="企业@example.com"))
    assert box.got[0]["To"] == "企业@example.com"
    with listening(Postbox(), enable_SMTPUTF8=False) as port:
        assert failure(to(port), to="企业@example.com").permanent


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25"])
def test_an_address_that_names_no_mail_server_is_refused_at_once(url):
    with pytest.raises(ValueError, match="smtp://"):
        Email(url, sender=SENDER)


# --- TLS and passwords ----------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    context = Proof(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.path = path
    return context


class Proof(ssl.SSLContext):
    """A server's context that knows where its certificate lies."""


def accept(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"jiesu", b"p@ss"), handled=False)


def test_tls_that_is_offered_is_taken(box, certificate):
    with listening(box, tls_context=certificate) as port:
        to(port).send(message())
    assert box.encrypted == [True]


def test_a_password_is_not_told_to_a_server_that_cannot_prove_itself(box, certificate):
    with listening(box, tls_context=certificate, authenticator=accept) as port:
        failed = failure(to(port, login="jiesu:p%40ss@"))
    assert (failed.permanent, box.got) == (False, [])
    assert "SSLCertVerificationError" in failed.reason


def test_smtps_speaks_only_with_a_server_that_can_prove_itself(box, certificate, monkeypatch):
    with listening(box, ssl_context=certificate) as port:
        failed = failure(to(port, "smtps"))
        assert (failed.permanent, box.got) == (False, [])
        assert "SSLCertVerificationError" in failed.reason
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
        to(port, "smtps").send(message())
    assert len(box.got) == 1


def test_a_login_is_used_and_a_wrong_one_is_a_passing_trouble(box):
    # on this very machine a password may go without TLS
    with listening(box, authenticator=accept, auth_require_tls=False) as port:
        to(port, login="jiesu:p%40ss@").send(message())
        failed = failure(to(port, login="jiesu:wrong@"))
    assert len(box.got) == 1
    assert (failed.reason, failed.permanent) == ("no connection to the mail server (535)", False)


# --- the whole way --------------------------------------------------------------------


def plan(office, entry):
    with office.desk(SYSTEM) as desk:
        plan_letters(desk, entry, ["inbox", "email"])


@pytest.mark.parametrize(
    ("language", "subject", "greeting"),
    [("zh", "已收到", "您好："), ("en", "received", "Hello,")],
)
def test_the_complainant_gets_his_letter_in_his_language(
    bare_office, box, port, language, subject, greeting
):
    plan(bare_office, filed(bare_office, language=language))
    letter = one_email(bare_office)
    deliver_letter(bare_office, Mailroom({"email": to(port)}, SITE), letter.id)
    (mail,) = box.got
    assert subject in mail["Subject"]
    assert letter.params["number"] in mail["Subject"]
    assert mail["To"] == EMAIL
    assert mail.get_content().startswith(greeting)
    assert f"/track/{letter.params['number']}?k=" in mail.get_content()


def test_a_liaison_gets_a_letter_with_the_way_to_the_ticket(bare_office, box, port):
    settle(bare_office)
    plan(bare_office, filed(bare_office, issued()))
    letter = next(one for one in letters(bare_office) if one.channel == "email")
    deliver_letter(bare_office, Mailroom({"email": to(port)}, SITE), letter.id)
    text = box.got[0].get_content()
    assert "区审批局" in text
    assert f"/tickets/{letter.params['number']}" in text
    assert "?k=" not in text


def test_a_refused_address_leaves_a_dead_letter_that_does_not_tell_it(bare_office, box, port):
    plan(bare_office, filed(bare_office))
    box.refuse_recipient = f"550 {EMAIL} unknown"
    letter = one_email(bare_office)
    deliver_letter(bare_office, Mailroom({"email": to(port)}, SITE), letter.id)
    letter = one_email(bare_office)
    assert (letter.state, letter.error) == ("dead", "recipient refused (550)")


def test_a_server_that_was_down_gets_the_letter_later_with_the_id_it_always_had(
    bare_office, clock, box
):
    port = free_port()
    room = Mailroom({"email": to(port)}, SITE)
    plan(bare_office, filed(bare_office))
    letter = one_email(bare_office)
    deliver_letter(bare_office, room, letter.id)
    assert one_email(bare_office).state == "failed"
    clock.move(minutes=1)
    with bare_office.desk(SYSTEM) as desk:
        assert resend_due(desk) == 1
    with listening(box, port):
        deliver_letter(bare_office, room, letter.id)
    assert one_email(bare_office).state == "sent"
    assert [mail["Message-ID"] for mail in box.got] == [f"<{letter.id}@gov.example>"]
