"""What the command line does, one module per kind of command; heavy imports wait inside."""

from web.commands.accounts import account_close_demo, account_reset
from web.commands.imports import import_cases
from web.commands.keys import keys_ledger, keys_rotate, keys_status
from web.commands.ledger import audit, ledger_export, ledger_head, ledger_verify
from web.commands.limits import limits_replay, limits_show
from web.commands.rules import rules_check, rules_explain, rules_replay
from web.commands.running import doctor, migrate, seed, serve, tick, up, work
from web.commands.tools import (
    bulletin,
    deadline,
    identity_check,
    plan_import,
    suggest,
)

__all__ = [
    "account_close_demo",
    "account_reset",
    "audit",
    "bulletin",
    "deadline",
    "doctor",
    "identity_check",
    "import_cases",
    "keys_ledger",
    "keys_rotate",
    "keys_status",
    "ledger_export",
    "ledger_head",
    "ledger_verify",
    "limits_replay",
    "limits_show",
    "migrate",
    "plan_import",
    "rules_check",
    "rules_explain",
    "rules_replay",
    "seed",
    "serve",
    "suggest",
    "tick",
    "up",
    "work",
]
