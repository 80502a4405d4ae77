"""Accounts from the command line: the way in before anybody can log in."""

import argparse

from web.commands.place import opened_house, say


def account_reset(arguments: argparse.Namespace) -> int:
    """A new first password for one account, printed once."""
    from core.permissions import SYSTEM
    from web import accounts

    with opened_house() as office, office.desk(SYSTEM) as desk:
        _, first = accounts.reset_password(desk, arguments.username)
    print(first)
    return 0


def account_close_demo(_: argparse.Namespace) -> int:
    """Nobody gets in with the demonstration's password any more."""
    from core.permissions import SYSTEM
    from web import accounts
    from web.seed import PASSWORD

    with opened_house() as office, office.desk(SYSTEM) as desk:
        closed = accounts.close_published(desk, PASSWORD)
    say(f"{closed} accounts no longer open with the published password")
    say("`jiesu account reset USERNAME` gives one of them a first password")
    return 0
