"""Words that put life and limb, or a matter nobody may dispatch, before any counting of runs.

A trained model may miss what it has seen too seldom. These patterns are few, are read first, and
only ever call a person: they cannot send a text anywhere.
"""

import re
from dataclasses import dataclass

# what is said of things that only sound alarming: taken out before the alarms are looked for
_HARMLESS = re.compile(
    r"消防(?:验收|审批|手续|备案|检查|设计|证|许可|技术服务|维保|评估|图纸|栓|通道|培训|演练)"
    r"|火爆|火锅|火车|火热|红火|防火(?:门|材料|等级|涂料)?|灭火器|爆款|爆满|爆单|引爆"
    r"|燃气(?:报装|接入|开户|公司|费|管道改造)|安全生产许可|急救(?:培训|证)|触电(?:险|培训)"
)
# somebody is hurt or about to be, or a place is burning, leaking, falling
_DANGER = re.compile(
    r"着火|起火|失火|火灾|明火|冒(?:黑|浓|白)?烟|浓烟|烧起来|烧着"
    r"|(?:要|快|会|怕|已经|发生)?爆炸|炸了"
    r"|(?:煤|燃|天然|液化|毒|氨|氯)气?(?:味|泄|漏)|漏(?:煤|燃|天然|氨|氯|毒)?气|(?:气|气体)泄漏|气味.{0,6}(?:刺鼻|头晕|呛)"
    r"|中毒|昏迷|晕倒|晕过去|昏过去|不省人事|没(?:有)?(?:呼吸|意识|知觉)|喘不上气"
    r"|触电|电着人|电(?:线|缆).{0,8}(?:掉|断|垂|落|打火|冒火)|打火花|火花四溅|冒火"
    r"|(?:人|工人|师傅|老人|孩子|娃|员工|几个|有人|被)(?:.{0,10})(?:被困|困在|压住|压在|埋|砸|卡在|夹住|卷进|绞进|轧|掉进|掉下|摔下|坠)"
    r"|(?:受|重|轻)伤|流血|流了好多血|骨折|断了(?:手|胳膊|腿|指)|伤亡|死人|出人命|要命|救命|救人|快死"
    r"|坍塌|塌了|要塌|快塌|塌方|垮塌|倒塌|塌陷|裂缝.{0,8}(?:变大|越来越)|滑坡|泥石流|山洪|决口|倒灌"
    r"|跳(?:楼|河|桥|下去|渭河)|轻生|自杀|自残|自焚|上吊|不想活|不活了|没法活|活不下去|活不成|割腕"
    r"|寻死|寻短|想死|死给|死在|遗书|同归于尽|喝(?:了|给)?(?:农|安眠)?药|(?:农|安眠)?药.{0,4}(?:买|备)好|汽油.{0,6}(?:浇|泼|点)"
    r"|持刀|(?:拿|拎|举|提)(?:着|了)?[^，。]{0,3}刀|砍(?:人|伤)|打起来|打人|殴打|被打|围殴|绑架|非法拘禁|关起来不让走"
    r"|电梯.{0,8}(?:困|坠|卡)|井盖.{0,8}(?:没|掉|丢|缺).{0,8}(?:人|摔|车)"
)
# the matter itself is somewhere else already, or belongs there
_COURT = re.compile(
    r"法院.{0,10}(?:立案|判|审理|开庭|执行|传票|受理|调解书)|(?:一审|二审|再审|终审)|判决书?|上诉|仲裁(?:委|裁决|申请|开庭|院|书)"
    r"|(?:申请|提起|提出).{0,6}(?:仲裁|复议|诉讼)|行政复议|行政诉讼|起诉|打官司|被告席|强制执行|执行局"
    r"|债权人会议|债权(?:表|申报|确认)|(?:破产|重整).{0,8}管理人|管理人.{0,8}债权|法院.{0,6}(?:查封|冻结|拍卖)"
)
# those who own a firm together, quarrelling
_DISPUTE = re.compile(
    r"(?:股东|合伙人|合伙的).{0,14}(?:闹|矛盾|纠纷|不签|不配合|不和|翻脸|跑路|扯皮|散伙|退股|打架|失联)"
    r"|(?:退|抽|代持).{0,4}股.{0,8}(?:纠纷|不认|不退|扯皮)"
)
_BRIBE = re.compile(
    r"索(?:贿|要.{0,4}(?:好处|红包|钱))|受贿|行贿|贿赂|红包|回扣|好处费|辛苦费|吃拿卡要|塞(?:了)?钱|收了.{0,3}(?:烟|酒|卡|礼)|打(?:过)?招呼|内定|连襟|小舅子|老婆家|送(?:了)?(?:钱|礼|烟|酒|卡)|收(?:了)?(?:钱|礼|卡|红包)"
    r"|贪污|挪用公款|以权谋私|公权私用|利益输送|围标串标.{0,10}领导|(?:局长|科长|主任|领导|书记|干部).{0,14}(?:亲戚|小舅子|老婆|儿子|入股|干股|指定.{0,6}买|吃饭|打麻将)"
    r"|入干股|干股|违纪|违反.{0,4}八项规定|公款吃喝"
)
_PETITION = re.compile(r"信访|上访|访件")
_ORGANS = re.compile(
    r"法官|书记员|执行局|检察|人大(?:代表|常委)?|政协|部队|军(?:队|区|营|分区)|武警|组织部|宣传部|统战部|党委|区委(?!会)"
)
# other districts and counties of the city, other cities and provinces, bodies above the district
_ELSEWHERE = re.compile(
    r"金台|陈仓|高新(?!技术|企业|产业)|凤翔|岐山|扶风|眉县|陇县|千阳|麟游|凤县|太白|蔡家坡"
    r"|西安|咸阳|渭南|铜川|延安|榆林|汉中|安康|商洛|杨凌|兰州|天水|成都|重庆|北京|上海|广州|深圳|郑州|武汉"
    r"|四川|甘肃|宁夏|青海|新疆|河南|河北|湖北|湖南|山西|山东|江苏|浙江|福建|广东|广西|云南|贵州|内蒙|东北"
    r"|省(?:上|里|级|厅|局|政府|审批)|国家(?:局|部委)|市(?:局|政府|上的)|外区|别的区|邻区"
)
# a body or a site of another place: naming this district beside it changes nothing
_THERE = re.compile(
    r"(?:金台|陈仓|高新|凤翔|岐山|扶风|眉县|陇县|千阳|麟游|凤县|太白|蔡家坡|西安|咸阳|天水|汉中|渭南)"
    r"(?:区|县|市|的|那边|那里|那儿)?.{0,4}(?:镇|乡|街道|街办|政府|管委会|分局|区局|县局|大队|工地|项目|分店|分公司|厂区)"
    r"|在(?:金台|陈仓|凤翔|岐山|扶风|眉县|陇县|千阳|麟游|凤县|太白|蔡家坡|西安|咸阳|天水|汉中|渭南).{0,4}(?:干的?|做的?|开的?|施工|送货|经营)"
)
_HERE = re.compile(r"渭滨|本区|我区|咱区|咱们区|区里|区上")


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was read, and the category it calls for."""

    category: str
    words: str


# a category of the district's book for each, the gravest first
_ALARMS = (
    ("jjqx", _DANGER),
    ("wjwf", _BRIBE),
    ("xffy", _PETITION),
    ("sszc", _COURT),
    ("qyjf", _DISPUTE),
    ("dzjq", _ORGANS),
    ("qwsx", _THERE),
    ("qwsx", _ELSEWHERE),
)


def alarms(text: str) -> tuple[Alarm, ...]:
    """Every alarm a text raises, the gravest first."""
    plain = _HARMLESS.sub("□", text)
    found = ((category, pattern.search(plain)) for category, pattern in _ALARMS)
    # who also names this district means a matter of this district
    here = _HERE.search(plain) is not None
    return tuple(
        Alarm(category, match[0])
        for category, match in found
        if match and not (here and match.re is _ELSEWHERE)
    )
