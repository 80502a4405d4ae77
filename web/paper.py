"""Pages for a file instead of a browser: the bulletin as one HTML document."""

from typing import Any

from sqlmodel import Session

from routing.queries import unit_names
from sla.tables import BulletinRow
from web.pages.bulletin import pages_of
from web.pages.views import category_names
from web.rendering import STATIC, STYLES, Frame, render


def bulletin_html(
    session: Session, row: BulletinRow | None, body: dict[str, Any], district: str
) -> str:
    """The bulletin with its styles inside, so that the file can be sent and kept."""
    styles = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in STYLES)
    frame = Frame(district=district)
    context = pages_of(
        body, unit_names(session), category_names(session, frame.language), frame.language
    )
    return render("bulletin/file.html", frame, {"row": row, "styles": styles, **context})
