"""The second factor: codes of a telephone, each taken once, and recovery codes on paper."""

import secrets
import unicodedata
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import pyotp
from sqlmodel import Session, col, select

from core.permissions import Role
from core.privacy import Keys
from core.tables import Staff
from web.tables import SecondFactor

STEP = 30
# a telephone's clock may be half a minute off, either way
WINDOW = (-1, 0, 1)
RECOVERY_CODES = 10
# no 0 and o, no 1 and l: read from paper
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def find(session: Session, staff_id: UUID, *, held: bool = False) -> SecondFactor | None:
    """The person's factor, confirmed or only begun; `held` locks it."""
    query = select(SecondFactor).where(SecondFactor.staff_id == staff_id)
    if held:
        query = query.with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def confirmed(session: Session, staff_id: UUID, *, held: bool = False) -> SecondFactor | None:
    """The person's factor if it is in use."""
    row = find(session, staff_id, held=held)
    return row if row is not None and row.confirmed_at is not None else None


def new_secret() -> str:
    """160 random bits, as telephones read them."""
    return pyotp.random_base32()


def sealed(keys: Keys, staff_id: UUID, secret: str) -> bytes:
    """The secret as it is kept, bound to its row."""
    return keys.seal(f"second_factor.secret.{staff_id}", secret)


def opened(keys: Keys, row: SecondFactor) -> str:
    """The secret in clear."""
    return keys.open(f"second_factor.secret.{row.staff_id}", row.secret)


def address(keys: Keys, row: SecondFactor, staff: Staff, issuer: str) -> str:
    """What the square code says to a telephone."""
    return pyotp.TOTP(opened(keys, row)).provisioning_uri(name=staff.username, issuer_name=issuer)


def take(keys: Keys, row: SecondFactor, code: str, at: datetime) -> str:
    """Use a code up: "totp" or "recovery", and "" when it is neither or was used before."""
    code = tidy(code)
    if _take_step(keys, row, code, at):
        return "totp"
    known = set(_digests(keys, row.staff_id, code)) & set(row.codes)
    row.codes = [kept for kept in row.codes if kept not in known]
    return "recovery" if known else ""


def _take_step(keys: Keys, row: SecondFactor, code: str, at: datetime) -> bool:
    """A telephone's code of a half minute later than the last one that was taken."""
    maker, now = pyotp.TOTP(opened(keys, row)), int(at.timestamp()) // STEP
    for step in (now + apart for apart in WINDOW):
        right = compare_digest(maker.generate_otp(step).encode(), code.encode())
        if right and step > row.last_step:
            row.last_step = step
            return True
    return False


def tidy(code: str) -> str:
    """A code as typed, without what people put between its figures."""
    plain = unicodedata.normalize("NFKC", code[:60]).lower()
    return "".join(letter for letter in plain if letter.isalnum())


def new_codes(keys: Keys, row: SecondFactor) -> list[str]:
    """Ten fresh recovery codes, shown once; the earlier ones end."""
    made = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    row.codes = [_digests(keys, row.staff_id, code)[0] for code in made]
    return [f"{code[:5]}-{code[5:]}" for code in made]


def _digests(keys: Keys, staff_id: UUID, code: str) -> list[str]:
    """A recovery code as it is kept, nothing without the installation's key; by every key."""
    return [made.hex() for made in keys.blinds(f"recovery:{staff_id}", code)]


def needed(staff: Staff, roles: str) -> bool:
    """Whether the person's hats ask for a second factor, by the setting that names the roles.

    The demonstration's accounts have never had a password of their own, and are asked for none.
    """
    demonstration = staff.password_at is None and not staff.must_change
    named = {Role(name) for part in roles.split(",") if (name := part.strip())}
    return not demonstration and any(Role(role) in named for role in staff.roles)


def owners(session: Session) -> set[UUID]:
    """Who has a factor in use."""
    found = session.exec(
        select(SecondFactor.staff_id).where(col(SecondFactor.confirmed_at).is_not(None))
    )
    return set(found.all())
