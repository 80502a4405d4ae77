"""Whom the servers run as: PostgreSQL refuses root, so root hands them to somebody lesser."""

import os
import pwd
import stat
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from web.servers.errors import ServersError

PREFERRED = ("jiesu", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user the servers run as; `lesser` when that is not who we are ourselves."""

    uid: int
    gid: int
    name: str
    lesser: bool

    def popen(self) -> dict[str, int | list[int]]:
        """What subprocess needs to become this user."""
        if not self.lesser:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path, mode: int) -> None:
        """Hand one path over, and nothing above or below it."""
        if self.lesser:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        path.chmod(mode)

    def folder(self, path: Path) -> None:
        """A private folder; one that is there already must be ours, as /tmp is open to all."""
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            state = path.lstat()
            if not stat.S_ISDIR(state.st_mode) or state.st_uid not in {self.uid, os.geteuid()}:
                raise ServersError(
                    f"{path} belongs to somebody else. Start as its owner, or name another "
                    "data folder in JIESU_DATA_DIR."
                ) from None
        self.own(path, 0o700)

    def reaches(self, path: Path) -> bool:
        """Asked of the kernel rather than computed: parents, access lists and mounts count."""
        return self._try(["/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", str(path)]) is not None

    def version(self, program: Path, environment: Mapping[str, str]) -> str | None:
        """What the program answers to --version when run as this user; None if it cannot."""
        return self._try([str(program), "--version"], environment)

    def _try(self, argv: Iterable[str], env: Mapping[str, str] | None = None) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603 - programs found by us, no shell words from outside
                list(argv),
                cwd="/",
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=20,
                **self.popen(),  # type: ignore[call-overload]
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return str(done.stdout).strip() if done.returncode == 0 else None


def choose(*places: Path) -> Account:
    """Ourselves; as root, the owner of what is already there, else `jiesu` or `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), str(os.geteuid()), lesser=False)
    for state in (place.stat() for place in places if place.exists()):
        if state.st_uid != 0:
            return Account(state.st_uid, state.st_gid, _name(state.st_uid), lesser=True)
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, lesser=True)
    return Account(65534, 65534, "65534", lesser=True)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
