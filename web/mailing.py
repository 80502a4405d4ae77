"""Which ways letters can leave this installation, from its settings."""

from core.settings import Settings
from notify.service import Transports
from notify.transports.email import Email
from notify.transports.inbox import Inbox
from notify.wording import Site


def transports(settings: Settings) -> Transports:
    """The in-app inbox always; e-mail when a mail server is set."""
    ways: Transports = {"inbox": Inbox()}
    if settings.smtp_url is not None:
        ways["email"] = Email(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
    return ways


def site(settings: Settings) -> Site:
    """What letters say of this installation."""
    mailbox = settings.mail_in_address if settings.mail_in_url else None
    return Site(settings.public_url, settings.district, mailbox)
