"""Time-ordered row ids, and public ticket numbers that can be read over the telephone."""

import os
import secrets
from datetime import date, datetime
from uuid import UUID

# GB 32100's alphabet: no I O Z S V, so that neither eye nor ear confuses a check character
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, position, 31) for position in range(32))
SERIAL_DIGITS = 6
SERIALS_A_DAY = 10**SERIAL_DIGITS


def row_id(now: datetime, order: int = 0) -> UUID:
    """A version 7 UUID for the instant `now`: index pages fill in order of time.

    `order` ranks ids of one instant, as one transaction makes them.
    """
    millis = int(now.timestamp() * 1000)
    value = (millis & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xFFFF << 64) | 0x7 << 76 | (order & 0xFFF) << 64
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def check_character(body: str) -> str:
    """The weighted mod-31 check character over digits and letters of `body`."""
    total = sum(
        (ALPHABET.find(char) if char in ALPHABET else ord(char)) * weight
        for char, weight in zip(body, WEIGHTS, strict=False)
    )
    return ALPHABET[-total % 31]


def ticket_number(area: str, day: date, letter: str, serial: int) -> str:
    """`area` (6 digits), day, channel letter, daily serial (6 digits), check character."""
    body = f"{area}{day:%Y%m%d}{letter}{serial % SERIALS_A_DAY:0{SERIAL_DIGITS}d}"
    return body + check_character(body)


def is_ticket_number(text: str) -> bool:
    """Whether the shape and the check character hold; says nothing about existence."""
    # a sign outside the alphabet would share its remainder with one inside
    shape = len(text) == 22 and set(text) <= set(ALPHABET) and text[14].isalpha()
    digits = shape and (text[:14] + text[15:21]).isdigit()
    return digits and check_character(text[:-1]) == text[-1]


def normal_number(text: str) -> str:
    """A number as people type it (spaces, hyphens, lower case) in its stored form."""
    return "".join(text.split()).replace("-", "").upper()


def query_code() -> str:
    """Eight random digits: the secret that goes with a number on the tracking page."""
    return f"{secrets.randbelow(10**8):08d}"
