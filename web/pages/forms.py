"""Forms as pages receive them: texts, files, and faults told field by field."""

from datetime import date
from typing import TypedDict

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from core.errors import Fault, Invalid, Refused
from core.i18n import translate
from intake.files import FILES_LIMIT, BadFile, File, check_file
from web.deps import House
from web.errors import language_of, told


async def form(request: Request) -> FormData:
    """The request's form. FastAPI's own parameters would refuse before we can say why."""
    return await request.form(max_files=FILES_LIMIT + 1, max_fields=100)


def texts(data: FormData) -> dict[str, str]:
    """The form's text fields; the token is not one of them."""
    return {
        name: value for name, value in data.items() if isinstance(value, str) and name != "csrf"
    }


async def files(data: FormData, home: House, name: str = "attachments") -> tuple[File, ...]:
    """The form's attachments, checked. Invalid names the one at fault."""
    uploads = [
        item for item in data.getlist(name) if isinstance(item, UploadFile) and item.filename
    ]
    if len(uploads) > FILES_LIMIT:
        raise Invalid.one(name, "too_many", "最多{limit}个附件", limit=FILES_LIMIT)
    taken, limit = [], home.settings.upload_limit_mb * 2**20
    for upload in uploads:
        try:
            taken.append(check_file(upload.filename or "", await upload.read(), limit=limit))
        except BadFile as error:
            fault = Fault(name, error.code, error.message, error.params)
            raise Invalid(faults=(fault,)) from error
    return tuple(taken)


def faults_of(request: Request, refused: Refused) -> dict[str, str]:
    """Field → sentence in the reader's language; a refusal without fields is under ""."""
    language = language_of(request)
    if not refused.faults:
        return {"": translate(language, refused.message, **refused.params)}
    found: dict[str, str] = {}
    for fault in refused.faults:
        found.setdefault(fault.field, told(language, fault)["message"])
    return found


class Answers(TypedDict):
    """What a complainant is asked: contacted? solved? which grade? None: not chosen."""

    contacted: bool | None
    solved: bool | None
    grade: int | None


def three_answers(contacted: str, solved: str, grade: str) -> Answers:
    """The answers as two radios and a grade bring them. Invalid for a grade that is no figure."""
    # other writings have figures too, some of which are no numbers
    if grade and not (grade.isascii() and grade.isdigit()):
        raise Invalid.one("grade", "range", "请在五个评价等级中选择一个")
    chosen = {"yes": True, "no": False}
    return {
        "contacted": chosen.get(contacted),
        "solved": chosen.get(solved),
        "grade": int(grade) if grade else None,
    }


def chosen_day(text: str) -> date | None:
    """The day of a date field; None when none was chosen."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
