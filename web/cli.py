"""The `jiesu` command: everything at once, the parts, and the tools."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import Refused
from web import commands

Run = Callable[[argparse.Namespace], int]


def parser() -> argparse.ArgumentParser:
    """Every command with its options; `jiesu help` prints it."""
    top = argparse.ArgumentParser(prog="jiesu", description="接诉 Jiesu: every request answered")
    verbs = top.add_subparsers(dest="command", required=True, metavar="command")
    _running(verbs)
    _tools(verbs)
    _imports(verbs)
    _limits(verbs)
    _ledger(verbs)
    _accounts(verbs)
    _keys(verbs)
    return top


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str, run: Run
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=words, description=words)
    verb.set_defaults(run=run)
    return verb


def _running(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    up = _verb(verbs, "up", "start everything, one process tree", commands.up)
    up.add_argument("--port", type=int, help="HTTP port (default: PORT or 8000)")
    up.add_argument("--empty", action="store_true", help="do not seed the district and its demo")
    up.add_argument("--demo-clock", action="store_true", help="let a supervisor move time")
    _verb(verbs, "serve", "the HTTP server", commands.serve)
    _verb(verbs, "work", "the background worker", commands.work)
    _verb(verbs, "tick", "relay, sweep, seal", commands.tick)
    _verb(verbs, "migrate", "bring the database's schema up to date", commands.migrate)
    seed = _verb(verbs, "seed", "put the district into an empty database", commands.seed)
    seed.add_argument("--no-tickets", action="store_true", help="people, plan and limits only")
    _verb(verbs, "doctor", "name what is wrong and how to mend it", commands.doctor)


def _tools(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    plan = verbs.add_parser("plan", help="government plans").add_subparsers(
        dest="verb", required=True
    )
    read = _verb(plan, "import", "read a plan document", commands.plan_import)
    read.add_argument("file", type=Path)
    read.add_argument("--dry-run", action="store_true", help="read only; needs no database")
    read.add_argument("--json", action="store_true", help="one JSON list, an object a task")
    rules = verbs.add_parser("rules", help="the rulebook").add_subparsers(
        dest="verb", required=True
    )
    check = _verb(rules, "check", "prove the rulebook", commands.rules_check)
    check.add_argument("--json", action="store_true")
    explain = _verb(rules, "explain", "why this unit?", commands.rules_explain)
    explain.add_argument("number", help="a ticket's number")
    replay = _verb(rules, "replay", "try a book on past tickets", commands.rules_replay)
    replay.add_argument("book", help="a stored version, or an edited .xlsx file")
    replay.add_argument("--json", action="store_true")
    _verb(verbs, "deadline", "JSON lines of starts and promises to deadlines", commands.deadline)
    _verb(
        verbs,
        "suggest",
        "JSON lines of texts to category, task, lead and urgency",
        commands.suggest,
    )
    identity = verbs.add_parser("identity", help="identity codes").add_subparsers(
        dest="verb", required=True
    )
    _verb(identity, "check", "JSON lines of codes to their validity", commands.identity_check)
    bulletin = _verb(verbs, "bulletin", "a period's bulletin", commands.bulletin)
    bulletin.add_argument("period", help="2026-11, 2026Q3 or 2026")
    bulletin.add_argument("--format", choices=("html", "json"), default="json")
    bulletin.add_argument("--out", type=Path, help="file to write (default: standard output)")


def _imports(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "old cases from a CSV or XLSX list; faulty rows come back in a file"
    verb = _verb(verbs, "import", words, commands.import_cases)
    verb.add_argument("file", nargs="+", metavar="[tickets] FILE")
    verb.add_argument("--dry-run", action="store_true", help="look only; nothing is taken in")
    verb.add_argument("--source", default="命令行导入", help="the system the cases come from")
    verb.add_argument("--errors", type=Path, help="where faulty rows go (default: FILE-errors)")


def _limits(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    limits = verbs.add_parser("limits", help="promised limits and calendars").add_subparsers(
        dest="verb", required=True
    )
    _verb(limits, "show", "what is in force, as JSON", commands.limits_show)
    replay = _verb(limits, "replay", "the past quarter by other limits", commands.limits_replay)
    replay.add_argument("draft", help="a draft's id, or a .json file as `limits show` prints it")
    replay.add_argument("--json", action="store_true")


def _accounts(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    account = verbs.add_parser("account", help="accounts of the staff").add_subparsers(
        dest="verb", required=True
    )
    reset = _verb(account, "reset", "print a new first password", commands.account_reset)
    reset.add_argument("username")
    closing = "end the demonstration's published password"
    _verb(account, "close-demo", closing, commands.account_close_demo)


def _keys(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keys = verbs.add_parser("keys", help="what seals personal data").add_subparsers(
        dest="verb", required=True
    )
    _verb(keys, "status", "how much each key has sealed", commands.keys_status)
    _verb(keys, "rotate", "seal everything with the newest secret", commands.keys_rotate)
    _verb(keys, "ledger", "the ledger's own key, to be kept", commands.keys_ledger)


def _ledger(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    ledger = verbs.add_parser("ledger", help="the chained timeline").add_subparsers(
        dest="verb", required=True
    )
    verify = _verb(ledger, "verify", "find a change, a gap, a cut tail", commands.ledger_verify)
    verify.add_argument("--file", type=Path, help="an export, instead of the database")
    _verb(ledger, "head", "the newest sealed day", commands.ledger_head)
    export = _verb(ledger, "export", "the ledger as JSON lines", commands.ledger_export)
    export.add_argument("--out", type=Path, required=True)
    _verb(verbs, "audit", "hold every cached column against the timeline", commands.audit)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. 0 done, 1 found something wrong, 2 could not be done as asked."""
    arguments = parser().parse_args(argv)
    run: Run = arguments.run
    try:
        return run(arguments)
    except Refused as refused:
        print(f"jiesu: {refused}", file=sys.stderr)
    except (RuntimeError, ValueError, OSError) as error:
        print(f"jiesu: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 2
