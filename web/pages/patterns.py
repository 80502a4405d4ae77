"""Every element pages are made of, on one page: for builders, and for the accessibility test."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from web.deps import TheHouse
from web.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/patterns")
def patterns(request: Request, home: TheHouse) -> Response:
    """Sample data only."""
    now = home.office.now()
    lines = [
        {
            "at": now - timedelta(hours=hours),
            "title": title,
            "detail": detail,
            "who": "系统",
            "icon": icon,
            "tone": tone,
        }
        for hours, title, detail, icon, tone in (
            (30, "收到诉求", "网上提交 · 投诉", "inbox", "plain"),
            (29, "派发承办单", "主办 · 区行政审批局", "dispatch", "plain"),
            (8, "临期提醒", "办理答复 · 蓝色提醒", "bell", "blue"),
            (3, "超过时限", "办理答复 · 黄色预警", "clock", "yellow"),
            (2, "升级督办", "办理答复 · 红色督办", "clock", "red"),
            (1, "答复已送达企业", "", "reply", "green"),
        )
    ]
    points = [
        {"label": f"{n + 1}日", "received": 3 + n % 5, "replied": 2 + n % 4, "breached": n % 3}
        for n in range(20)
    ]
    return page(request, "patterns.html", lines=lines, points=points, now=now)
