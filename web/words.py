"""What codes are called on screens: one place, so that pages, letters and bulletins agree."""

from collections.abc import Mapping

from core.i18n import N_, translate

STATUS = {
    "submitted": N_("待受理"),
    "need_info": N_("待补正"),
    "rejected": N_("不予受理"),
    "referred": N_("已转送"),
    "answered": N_("已答复"),
    "accepted": N_("待派单"),
    "in_handling": N_("办理中"),
    "on_hold": N_("挂账"),
    "reply_review": N_("答复审核"),
    "callback": N_("待评价"),
    "closed": N_("已办结"),
    "final": N_("最终答复"),
    "merged": N_("已并单"),
    "withdrawn": N_("已撤回"),
    "archived": N_("已归档"),
}
ORDER_STATUS = {
    "pending_sign": N_("待签收"),
    "handling": N_("办理中"),
    "return_review": N_("退单待审"),
    "returned": N_("已退单"),
    "replied": N_("已反馈"),
    "done": N_("已完成"),
    "cancelled": N_("已撤派"),
}
PART = {"lead": N_("主办"), "co": N_("协办")}
REQUEST = {
    "complaint": N_("投诉"),
    "report": N_("举报"),
    "inquiry": N_("咨询"),
    "help": N_("求助"),
    "suggestion": N_("建议"),
    "praise": N_("表扬"),
}
URGENCY = {"critical": N_("紧急"), "urgent": N_("加急"), "normal": N_("一般")}
CHANNEL = {
    "web": N_("网上提交"),
    "phone": N_("热线电话"),
    "api": N_("系统接口"),
    "open311": N_("开放接口"),
    "import": N_("历史导入"),
    "email": N_("电子邮件"),
    "watcher": N_("特约监督员"),
    "counter": N_("窗口来信"),
    "upper": N_("上级转办"),
}
STEP = (N_("已收到"), N_("已派单"), N_("办理中"), N_("已答复"), N_("已办结"))
CLAIM = {
    "solved": N_("已解决"),
    "explained": N_("已解释说明"),
    "planned": N_("已列入计划"),
    "impossible": N_("客观上无法办理"),
}
WISH = {"access": N_("查阅复制"), "correction": N_("更正"), "erasure": N_("删除个人信息")}
WISH_GROUND = {
    "as_asked": N_("按请求办理"),
    "not_the_person": N_("不能证明是本人或其代理人"),
    "already_right": N_("所存信息已经正确"),
    "still_needed": N_("诉求还在办理，处理目的尚未实现"),
    "retention": N_("法律、行政法规规定的保存期限未届满"),
    "legal_hold": N_("涉及争议处理或调查，依法需要保留"),
    "secrecy": N_("法律、行政法规规定应当保密或不需要告知"),
}
CUSTODY = {
    "export.asked": N_("申请导出"),
    "export.agreed": N_("同意导出"),
    "export.refused": N_("未同意导出"),
    "export.made": N_("生成导出文件"),
    "export.taken": N_("下载导出文件"),
    "export.expired": N_("导出文件到期删除"),
    "request.granted": N_("同意个人信息请求"),
    "request.refused": N_("未同意个人信息请求"),
    "request.erased": N_("按请求删除个人信息"),
    "retention.changed": N_("调整保存期限"),
    "retention.taken": N_("到期清理"),
    "hold.placed": N_("依法保全"),
    "hold.lifted": N_("解除保全"),
    "keys.rotating": N_("开始更换密钥"),
    "keys.rotated": N_("密钥更换完成"),
}
RESULT = {
    "solved": N_("已解决"),
    "unsolved": N_("未解决"),
    "not_rated": N_("未作评价"),
}
GRADE = {
    1: N_("非常满意"),
    2: N_("满意"),
    3: N_("基本满意"),
    4: N_("不满意"),
    5: N_("非常不满意"),
}
METRIC = {
    "accept": N_("受理"),
    "sign": N_("签收"),
    "first_contact": N_("首次联系"),
    "co_reply": N_("协办反馈"),
    "resolve": N_("办理答复"),
    "redo": N_("重新办理"),
    "ruling": N_("退单裁定"),
    "callback": N_("评价"),
    "stage_reply": N_("阶段反馈"),
    "review": N_("答复审核"),
    "supervision_reply": N_("督办回复"),
    "refusal_review": N_("复核"),
    "correction_contact": N_("差评联系"),
    "correction": N_("差评整改"),
}
LEVEL = {
    "blue": N_("蓝色提醒"),
    "yellow": N_("黄色预警"),
    "red": N_("红色督办"),
    "circular": N_("通报批评"),
    "problem": N_("问题交办"),
    "listed": N_("挂牌督办"),
    "due": N_("到期"),
}
ROLE = {
    "operator": N_("受理员"),
    "dispatcher": N_("派单审核员"),
    "callback": N_("回访员"),
    "liaison": N_("单位联络员"),
    "handler": N_("单位经办人"),
    "head": N_("单位分管领导"),
    "office": N_("区政府办"),
    "discipline": N_("纪委监委"),
    "leader": N_("区领导"),
    "assessor": N_("考核分析员"),
    "editor": N_("知识库编辑"),
    "sysadmin": N_("系统管理员"),
    "secadmin": N_("安全管理员"),
    "auditor": N_("审计管理员"),
    "privacy": N_("个人信息保护专员"),
}
ACCOUNT_EVENT = {
    "created": N_("新建账号"),
    "changed": N_("修改资料"),
    "roles": N_("分配角色"),
    "opened": N_("启用账号"),
    "closed": N_("停用账号"),
    "password_reset": N_("重置密码"),
    "password_changed": N_("本人修改密码"),
    "sessions_ended": N_("退出其他登录"),
    "locked": N_("多次登录失败，暂时锁定"),
    "factor_on": N_("启用登录验证码"),
    "factor_off": N_("本人停用登录验证码"),
    "factor_codes": N_("更换备用码"),
    "factor_reset": N_("重置登录验证码"),
    "recovery_used": N_("用备用码登录或验证"),
    "linked": N_("关联统一认证账号"),
    "unlinked": N_("取消关联统一认证账号"),
}
SCOPE = {
    "tickets:file": N_("提交诉求"),
    "tickets:read": N_("查看本系统提交的诉求"),
    "open311:file": N_("按 Open311 提交诉求"),
    "figures:read": N_("读取统计指标"),
}
CLIENT_EVENT = {
    "created": N_("新建接口"),
    "changed": N_("修改资料"),
    "issued": N_("发放密钥"),
    "key_revoked": N_("作废密钥"),
    "revoked": N_("停用接口"),
}
CALL_CHANNEL = {"phone": N_("电话"), "sms": N_("短信"), "visit": N_("上门")}
CALL_RESULT = {
    "no_answer": N_("无人接听"),
    "busy": N_("占线"),
    "switched_off": N_("关机或停机"),
    "wrong_number": N_("号码有误"),
    "declined": N_("不愿回访"),
    "later": N_("约定改期"),
}
HOLD_GROUND = {
    "waiting_law": N_("等待诉讼、仲裁、鉴定等法定程序"),
    "waiting_works": N_("工程、采购等客观周期"),
    "waiting_policy": N_("等待上级政策或批复"),
    "waiting_business": N_("等待企业提供材料或配合"),
    "force_majeure": N_("不可抗力"),
}
FINAL_GROUND = {
    "settled": N_("已依法合理解决"),
    "unreasonable": N_("诉求缺乏事实或法律依据"),
    "decided": N_("已有生效的法定结论"),
    "uncooperative": N_("企业不再配合办理"),
    "excluded": N_("办理中发现不属于受理范围"),
}
SUPERVISION = {
    "red": N_("书面督办"),
    "listed": N_("挂牌督办"),
    "problem": N_("问题交办"),
}
SUPERVISION_GROUND = {
    "late": N_("超期未办结"),
    "redone": N_("多次退回重办"),
    "ladder": N_("超期自动升级"),
    "quality": N_("答复质量不高"),
    "conduct": N_("推诿或态度问题"),
    "other": N_("其他"),
}
SUPERVISION_STATE = {
    "open": N_("待回复"),
    "answered": N_("待审定"),
    "closed": N_("已办结"),
    "lifted": N_("已终止"),
}
CARD_STATE = {
    "draft": N_("起草中"),
    "submitted": N_("待确认"),
    "confirmed": N_("在用"),
    "replaced": N_("已被替换"),
    "retired": N_("已停用"),
}
CARD_SOURCE = {
    "plan": N_("方案原文"),
    "law": N_("法律法规"),
    "platform": N_("平台规则"),
    "unit": N_("单位口径"),
}
FIGURE = {
    "sign_on_time": N_("按时签收率"),
    "on_time": N_("按期办结率"),
    "on_time_original": N_("按原时限办结率"),
    "contacted": N_("联系率"),
    "solved": N_("解决率"),
    "satisfied": N_("参评满意率"),
    "explicit": N_("明确满意率"),
    "rated": N_("参评率"),
    "strict": N_("严格满意率"),
    "redone": N_("重办率"),
    "returned": N_("退单率"),
    "extended": N_("延期率"),
    "first_contacted": N_("首次回访联系率"),
    "first_solved": N_("首次解决率"),
    "first_satisfied": N_("首次满意率"),
    "early": N_("提前办结率"),
    "dispatched_right": N_("派单准确率"),
    "closing": N_("办结率"),
    "answered_directly": N_("当场答复率"),
}
GROUND = {
    "RJ01": N_("紧急警情险情"),
    "RJ02": N_("应当或已经进入法定程序"),
    "RJ02J": N_("违纪违法线索"),
    "RJ03": N_("已进入信访渠道"),
    "RJ04": N_("市场主体之间的经济纠纷"),
    "RJ10": N_("不属于本区管辖"),
    "RJ11": N_("诉求不明确"),
    "RJ12": N_("党委人大司法军队职权事项"),
    "NT": N_("方案未列任务的事项"),
    "NR": N_("没有规则适用"),
}
BAND = {
    "A": N_("A 档"),
    "B": N_("B 档"),
    "C": N_("C 档"),
    "D": N_("D 档"),
    "small": N_("样本过少"),
}


def word(language: str, table: dict[str, str], code: str | None) -> str:
    """The word for a code; a code without a word shows itself rather than nothing."""
    if code is None:
        return ""
    return translate(language, table[code]) if code in table else code


def options(language: str, table: Mapping[str, str]) -> list[tuple[str, str]]:
    """A table of words as a select offers it."""
    return [(code, translate(language, one)) for code, one in table.items()]


def grade(language: str, value: int | None) -> str:
    """The word for one of the five grades."""
    return translate(language, GRADE[value]) if value in GRADE else ""


def ground(language: str, code: str) -> str:
    """The word for why a person decides."""
    return word(language, GROUND, code)


def supervision_number(language: str, year: int, serial: int) -> str:
    """「督办〔2026〕12号」"""
    return translate(language, "督办〔{year}〕{serial}号", year=year, serial=serial)
