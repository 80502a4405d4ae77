"""Putting a bad rating right: the contact, the answer, what the business then said to the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from core.errors import Refused
from intake import corrections
from web.api.tickets import found
from web.deps import Asker, Checked, House, TheHouse, TheStaff
from web.pages.forms import chosen_grade, yes
from web.pages.ticket import Code, Text, acted, refused_page

router = APIRouter(include_in_schema=False)


def _act(request: Request, home: House, asker: Asker, number: str, work: Any) -> Response:
    try:
        with home.office.desk(asker.actor) as desk:
            work(desk, found(desk.session, asker, number).id)
    except Refused as refused:
        return refused_page(request, home, asker, number, refused)
    return acted(number)


@router.post("/tickets/{number}/correction", dependencies=[Checked])
def answer(
    request: Request, number: str, home: TheHouse, asker: TheStaff, correction: Text = ""
) -> Response:
    """What was put right."""
    return _act(
        request, home, asker, number, lambda desk, key: corrections.answer(desk, key, correction)
    )


@router.post("/tickets/{number}/correction/contact", dependencies=[Checked])
def contact(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    correction_channel: Code = "",
    correction_reached: Code = "",
) -> Response:
    """Spoken with, or tried."""

    def work(desk: Any, key: Any) -> None:
        reached = correction_reached == "yes"
        corrections.contact(desk, key, channel=correction_channel, reached=reached)

    return _act(request, home, asker, number, work)


@router.post("/tickets/{number}/correction/rating", dependencies=[Checked])
def rate(
    request: Request,
    number: str,
    home: TheHouse,
    asker: TheStaff,
    solved: Annotated[str, Form()] = "",
    grade: Annotated[str, Form(max_length=2)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """What the business said to the call-back desk."""

    def work(desk: Any, key: Any) -> None:
        corrections.rate(
            desk,
            key,
            solved=yes({"solved": solved}, "solved"),
            grade=chosen_grade(grade),
            comment=comment.strip(),
        )

    return _act(request, home, asker, number, work)
