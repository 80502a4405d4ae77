"""E-mail by SMTP: a relay is handed the letter, with TLS wherever it can be had."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from notify.transports.base import DeliveryFailed, Message

# of every single step: a whole conversation must end well inside the service's LEASE
TIMEOUT = 10
PORTS = {"smtp": 25, "smtps": 465}
REFUSED = 500


class Email:
    """A relay, named by smtp:// or smtps://user:password@host:port."""

    def __init__(self, url: str, *, sender: str, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("the mail server must be named as smtp://host or smtps://host")
        self.host = parts.hostname
        self.port = parts.port or PORTS[parts.scheme]
        self.encrypted = parts.scheme == "smtps"
        self.login = (
            (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        )
        self.sender = sender
        self.domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        self.timeout = timeout

    def send(self, message: Message) -> None:
        """Hand the letter over. DeliveryFailed is permanent where it is refused for good."""
        try:
            mail = self._mail(message)
        except ValueError as error:
            raise DeliveryFailed("not an address that mail can carry", permanent=True) from error
        with self._connection() as server:
            _hand_over(server, mail)

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = message.to
        mail["Subject"] = message.subject
        if message.reply_to:
            mail["Reply-To"] = message.reply_to
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = message.id_at(self.domain)
        # answering machines must not answer a machine
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text, cte="base64")
        mail["Content-Language"] = message.language  # after the content, which clears it
        return mail

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            server = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailed(_reason("no connection to the mail server", error)) from error
        try:
            yield server
        finally:
            # the letter is over the counter: a farewell that fails must not send it again
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _open(self) -> smtplib.SMTP:
        server = self._dial()
        try:
            self._secure(server)
            if self.login:
                server.login(*self.login)
        except BaseException:
            server.close()
            raise
        return server

    def _secure(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.encrypted:
            return
        if server.has_extn("starttls"):
            server.starttls(context=self._tls())
            server.ehlo()
        elif self.login and not _loopback(self.host):
            raise DeliveryFailed("the mail server offers no TLS to send a password over")

    def _dial(self) -> smtplib.SMTP:
        if self.encrypted:
            return smtplib.SMTP_SSL(
                self.host, self.port, self.domain, timeout=self.timeout, context=self._tls()
            )
        return smtplib.SMTP(self.host, self.port, self.domain, timeout=self.timeout)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.encrypted and not self.login:
            # TLS that was merely offered: unproved, and still better than plain text
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        permanent = min(codes) >= REFUSED
        raise DeliveryFailed(f"recipient refused ({codes[0]})", permanent=permanent) from error
    except smtplib.SMTPDataError as error:
        permanent = error.smtp_code >= REFUSED
        raise DeliveryFailed(f"letter refused ({error.smtp_code})", permanent=permanent) from error
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryFailed("the mail server takes no such address", permanent=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryFailed(_reason("the mail server broke off", error)) from error


def _reason(what: str, error: Exception) -> str:
    # a server's own words may repeat the address: only its code is kept
    code = getattr(error, "smtp_code", None)
    return f"{what} ({code or type(error).__name__})"


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
