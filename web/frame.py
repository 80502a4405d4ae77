"""The frame around a page: language, theme, who is asking, where he may go."""

from fastapi import Request

from core.i18n import N_, negotiate, translate
from core.permissions import Act
from web.deps import Asker, House
from web.rendering import Frame, NavItem

# where each act leads; shown to those who may
PLACES: tuple[tuple[str, str, str, Act], ...] = (
    ("/console", N_("受理台"), "phone", Act.FILE_FOR_OTHERS),
    ("/triage", N_("派单与审核"), "dispatch", Act.DISPATCH),
    ("/board", N_("本单位承办"), "inbox", Act.FIGURES_UNIT),
    ("/callbacks", N_("回访"), "star", Act.CALL_BACK),
    ("/oversight", N_("督办看板"), "clock", Act.FIGURES_ALL),
    ("/bulletins", N_("通报"), "chart", Act.FIGURES_ALL),
    ("/rulebooks", N_("规则库"), "route", Act.EDIT_RULES),
    ("/limits", N_("时限标准"), "hourglass", Act.EDIT_RULES),
    ("/mailbox", N_("收件邮箱"), "mail", Act.OPERATE),
    ("/privacy", N_("个人信息保护"), "shield", Act.GUARD_PRIVACY),
    ("/exports", N_("导出"), "arrow", Act.EXPORT),
    ("/imports", N_("导入历史诉求"), "inbox", Act.IMPORT),
    ("/people", N_("人员与账号"), "people", Act.READ_ACCOUNTS),
    ("/clients", N_("接口与密钥"), "key", Act.READ_ACCOUNTS),
    ("/plan", N_("任务与规则"), "list", Act.READ_TICKETS),
    ("/knowledge", N_("知识库"), "book", Act.READ_CARDS),
)
# pages that belong to a place but are found elsewhere
BELONG = {
    "/phrases": "/knowledge",
    "/matrix": "/plan",
    "/units": "/plan",
    "/supervision": "/oversight",
    "/relay": "/triage",
}
LANGUAGE_COOKIE, THEME_COOKIE, LARGE_COOKIE = "jiesu_lang", "jiesu_theme", "jiesu_large"
THEMES = ("light", "dark")


def frame_of(request: Request, home: House) -> Frame:
    """The frame of this request, from its cookies and its asker."""
    asker: Asker = request.state.asker
    cookies = request.cookies
    wanted = request.query_params.get("lang") or cookies.get(LANGUAGE_COOKIE)
    language = negotiate(request.headers.get("accept-language"), wanted)
    theme = cookies.get(THEME_COOKIE, "")
    return Frame(
        language=language,
        theme=theme if theme in THEMES else "auto",
        large=(request.query_params.get("large") or cookies.get(LARGE_COOKIE)) == "1",
        csrf=asker.csrf,
        name=asker.staff.name if asker.staff else "",
        roles=tuple(sorted(role.value for role in asker.actor.roles)),
        nav=_nav(asker, language, request.url.path),
        unread=asker.unread,
        district=home.settings.district,
        path=request.url.path,
        demo_clock=home.settings.demo_clock == "on",
        now=home.office.now(),
    )


def _nav(asker: Asker, language: str, path: str) -> tuple[NavItem, ...]:
    if asker.staff is None:
        return ()
    path = next((place for page, place in BELONG.items() if path.startswith(page)), path)
    return tuple(
        NavItem(href, translate(language, label), icon, current=path.startswith(href))
        for href, label, icon, act in PLACES
        if asker.may(act)
    )
