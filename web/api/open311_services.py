"""The services of the Open311 interface: our categories, and what is asked about each."""

from typing import Any

from sqlmodel import Session

from core.errors import NotFound
from core.i18n import N_, translate
from core.people import departments
from intake import queries as intake_queries
from intake.draft import KINDS
from web import words

YES = (("true", N_("是")), ("false", N_("否")))
# code, what it is, its type, a word of help
ASKED = (
    ("kind", N_("诉求类型"), "singlevaluelist", N_("不填为投诉")),
    ("company_name", N_("企业名称"), "string", ""),
    ("uscc", N_("统一社会信用代码"), "string", N_("18位")),
    ("respondent", N_("被反映单位"), "singlevaluelist", N_("反映某个单位时填写")),
    ("confidential", N_("要求保密"), "singlevaluelist", N_("保密和举报的诉求不公开")),
)


def services_of(session: Session, language: str) -> list[dict[str, Any]]:
    """Every category somebody can file under, with the group it is in."""
    rows = intake_queries.categories(session)
    word = {row.code: row.name_en if language == "en" else row.name for row in rows}
    return [
        {
            "service_code": row.code,
            "service_name": word[row.code],
            "description": f"{word[row.parent]} · {word[row.code]}",
            "metadata": True,
            "type": "realtime",
            "keywords": ",".join(row.keywords),
            "group": word[row.parent],
        }
        for row in rows
        if row.parent in word
    ]


def definition_of(session: Session, code: str, language: str) -> dict[str, Any]:
    """What is asked about one category. NotFound."""
    if code not in {row.code for row in intake_queries.categories(session) if row.parent}:
        raise NotFound
    attributes = [
        {
            "variable": True,
            "code": name,
            "datatype": kind,
            "required": False,
            "datatype_description": translate(language, hint) if hint else None,
            "order": order,
            "description": translate(language, label),
            "values": _values(session, name, language),
        }
        for order, (name, label, kind, hint) in enumerate(ASKED, 1)
    ]
    return {"service_code": code, "attributes": attributes}


def _values(session: Session, name: str, language: str) -> list[dict[str, str]]:
    match name:
        case "kind":
            pairs = [(kind, words.word(language, words.REQUEST, kind)) for kind in KINDS]
        case "respondent":
            pairs = [(unit.code, unit.name) for unit in departments(session)]
        case "confidential":
            pairs = [(key, translate(language, word)) for key, word in YES]
        case _:
            pairs = []
    return [{"key": key, "name": word} for key, word in pairs]
