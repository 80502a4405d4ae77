"""Words for seeded tickets: invented firms, invented troubles, nobody's personal data."""

from random import Random
from typing import Any

from core.ids import ALPHABET
from intake.identity import check_uscc

NAMES = (
    "恒通",
    "秦渭",
    "石鼓",
    "新源",
    "嘉禾",
    "宝塬",
    "金陵",
    "华岳",
    "长青",
    "鼎新",
    "云帆",
    "万合",
)
TRADES = (
    "机械",
    "商贸",
    "餐饮管理",
    "建筑工程",
    "电子科技",
    "食品",
    "物流",
    "新材料",
    "家具",
    "环保科技",
)
PLACES = (
    "金陵街道",
    "经二路街道",
    "清姜街道",
    "姜谭街道",
    "桥南街道",
    "马营镇",
    "石鼓镇",
    "姜谭经开区",
)
WHEN = ("半个月了", "两周多", "一个多月", "已经十天", "从上月初到现在", "快三个星期")
MATTERS: dict[str, tuple[str, ...]] = {
    "qykb": (
        "新公司设立登记一直卡在核名环节",
        "营业执照提交后没有下文",
        "社保开户和刻章要跑两个窗口",
    ),
    "qyzx": ("公司注销公告期满仍办不了", "清税后注销申请被反复退回"),
    "bgdj": ("法定代表人变更材料反复补正", "住所迁移登记没人受理"),
    "yd": ("厂房用电报装没有进展", "上午又停电，生产线停了", "变压器增容迟迟不批"),
    "tqzk": ("政府项目工程款验收后一直没付", "货款被单位拖欠，催了多次"),
}
GENERAL = (
    "去窗口问了三次，每次说法都不一样",
    "网上提交后状态一直不变，电话没人接",
    "要求重复提交同样的材料，没有一次性告知",
    "承诺的时限早就过了，没有答复",
)
ASKS = ("请尽快核实办理并给个答复。", "希望明确办理时限和责任人。", "请协调解决，影响开工了。")
# base characters of a unified code that no registry has issued: area of the district, class 91
BASE = "91610302"


def complaint(random: Random, category: str) -> dict[str, Any]:
    """The fields of one request, as a form would send them."""
    firm = f"渭滨{random.choice(NAMES)}{random.choice(TRADES)}有限公司"
    matter = random.choice(MATTERS.get(category, GENERAL))
    anonymous = random.random() < 0.06
    values: dict[str, Any] = {
        "kind": random.choices(["complaint", "help", "inquiry", "suggestion"], [68, 18, 9, 5])[0],
        "category": category,
        "title": matter,
        "content": (
            f"我公司反映：{matter}，{random.choice(WHEN)}。"
            f"{random.choice(GENERAL)}，{random.choice(ASKS)}"
        ),
        "company_name": firm,
        "uscc": credit_code(random),
        "place": random.choice(PLACES),
        "anonymous": anonymous,
        "urgency": random.choices(["normal", "urgent"], [92, 8])[0],
    }
    if not anonymous:
        values["contact_name"] = "企业联系人"
        values["contact_phone"] = f"0917-3000{random.randrange(1000):03d}"
    return values


def credit_code(random: Random) -> str:
    """A code of right shape and right check character, for a firm that does not exist."""
    body = BASE + "MA" + "".join(random.choice(ALPHABET) for _ in range(7))
    return next(body + last for last in ALPHABET if check_uscc(body + last).valid)
