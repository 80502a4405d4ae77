"""Plans as other places publish them: every form of bracket, numbering, table and refusal."""

from io import BytesIO

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from routing import plan
from routing.documents import document_text
from routing.plan import PlanRefused

HEAD = "青原县优化营商环境2024年实施方案\n一、主要任务\n"


def only(body):
    (task,) = plan.read(f"{HEAD}1.优化企业开办。推行一网通办。{body}").tasks
    return task


def roles(task):
    return list(task.leads), list(task.supports), task.supports_scope, list(task.coordinates)


@pytest.mark.parametrize(
    ("words", "leads", "supports", "scope", "partners"),
    [
        ("（县审批局牵头，县公安局、县税务局等部门按职责分工负责）", ["县审批局"], ["县公安局", "县税务局"], "等部门", []),
        ("（县发改局负责，协调县供电公司做好相关工作）", ["县发改局"], [], "", ["县供电公司"]),
        ("（牵头单位：县审批局；责任单位：县公安局、县税务局，6月底完成）", ["县审批局"], ["县公安局", "县税务局"], "", []),
        ("\n（责任单位：县审批局）", ["县审批局"], [], "", []),
        ("\n责任单位：县审批局、县公安局", ["县审批局", "县公安局"], [], "", []),
        ("\n牵头单位：县审批局\n责任单位：各镇街、县公安局", ["县审批局"], ["县公安局"], "各镇街", []),
        ("(县审批局、县公安局牵头,县税务局配合).", ["县审批局", "县公安局"], ["县税务局"], "", []),
        ("（县审批局牵头、县公安局参与，各镇街协办）。", ["县审批局"], ["县公安局"], "各镇街", []),
        ("（由县审批局牵头，会同县公安局、县税务局共同落实）；", ["县审批局"], ["县公安局", "县税务局"], "", []),
        ("（縣審批局牽頭，縣稅務局配合）", ["縣審批局"], ["縣稅務局"], "", []),
        ("（牽頭單位：縣審批局；責任單位：縣稅務局）", ["縣審批局"], ["縣稅務局"], "", []),
        ("（县发改局〔县能源局〕牵头，县住建局（人防办）参与）", ["县发改局"], ["县住建局"], "", []),
        ("由县审批局牵头，县税务局配合。", ["县审批局"], ["县税务局"], "", []),
        ("（县审批局、县税务局按职责分工负责）", ["县审批局", "县税务局"], [], "", []),
        ("（县审批局、县税务局）", ["县审批局", "县税务局"], [], "", []),
        ("（责任单位：县审批局（牵头）、县税务局）", ["县审批局"], ["县税务局"], "", []),
        ("【责任单位】县审批局", ["县审批局"], [], "", []),
        ("（县审批局牵头，各镇街、各部门按职责分工负责）", ["县审批局"], [], "各镇街、各部门", []),
        ("（县审批局牵头，县级相关部门按职责分工负责）", ["县审批局"], [], "县级相关部门", []),
        ("（县审批局负责；协调市住建局、省电力公司等单位做好配合工作）", ["县审批局"], [], "", ["市住建局", "省电力公司"]),
    ],
)  # fmt: skip
def test_a_responsibility_bracket_is_read_in_every_published_form(
    words, leads, supports, scope, partners
):
    task = only(words)
    assert roles(task) == (leads, supports, scope, partners)
    assert task.supports_all == bool(scope)
    assert task.title == "优化企业开办"
    assert "推行一网通办" in task.body


@pytest.mark.parametrize(
    ("listed", "units"),
    [
        ("县自然资源和规划局、县财政局", ["县自然资源和规划局", "县财政局"]),
        ("县人力资源和社会保障局及县财政局", ["县人力资源和社会保障局", "县财政局"]),
        ("县卫生和健康局与县文化和旅游局", ["县卫生和健康局", "县文化和旅游局"]),
        ("县发展和改革局和县住房和城乡建设局", ["县发展和改革局", "县住房和城乡建设局"]),
        ("县财政局以及东山开发区管委会", ["县财政局", "东山开发区管委会"]),
        ("县财政局，县税务局", ["县财政局", "县税务局"]),
    ],
)
def test_a_list_is_cut_between_units_and_never_inside_a_name(listed, units):
    assert list(only(f"（县审批局牵头，{listed}配合）").supports) == units


@pytest.mark.parametrize(
    "number", ["1.", "1．", "1、", "（1）", "（一）", "一、", "1 ", "任务1：", "第1项 "]
)
def test_every_numbering_opens_a_task(number):
    text = f"青原县优化营商环境实施方案\n{number}优化企业开办。推行一网通办服务。（县审批局牵头）\n"
    (task,) = plan.read(text).tasks
    assert (task.number, task.title, task.leads) == (1, "优化企业开办", ("县审批局",))


def test_a_numbered_goal_is_no_task_but_a_task_without_its_bracket_is_reported():
    read = plan.read(
        "青原县实施方案\n一、总体目标\n1.突破一批短板弱项。打通率超过80%。\n2.完善举措。\n"
        "二、重点任务\n（一）提升服务\n1.甲项服务。推进。（县审批局牵头）\n2.乙项服务。推进。\n"
        "（二）提升监管\n3.丙项服务。推进。（县司法局牵头）\n三、保障措施\n（一）加强领导。\n"
    )
    assert [task.title for task in read.tasks] == ["甲项服务", "乙项服务", "丙项服务"]
    assert [(number, note.code) for number, note in read.blocking] == [(2, "no_duty")]
    assert "第 8 行" in read.blocking[0][1].message


def test_a_bracket_broken_over_lines_and_a_body_on_its_own_lines_are_put_together():
    read = plan.read(
        f"{HEAD}1.企业开办（牵头单位：县审批局；\n配合单位：县公安局）\n推行一网通办，压减时间。\n"
        "2.企业注销（牵头单位：县市监局）\n推行简易注销。\n"
    )
    assert [roles(task)[:2] for task in read.tasks] == [
        (["县审批局"], ["县公安局"]),
        (["县市监局"], []),
    ]
    assert [task.body for task in read.tasks] == ["推行一网通办，压减时间。", "推行简易注销。"]


def test_a_mark_after_the_last_sub_item_answers_for_the_whole_task():
    read = plan.read(
        f"{HEAD}（一）优化用水\n1.压减时间\n2.压减费用（县住建局牵头）\n"
        "（二）优化用电\n1.压减时间\n2.压减费用（县发改局牵头）\n"
    )
    assert [(t.title, t.leads) for t in read.tasks] == [
        ("优化用水", ("县住建局",)),
        ("优化用电", ("县发改局",)),
    ]


def test_numbers_that_start_again_in_each_section_are_counted_through_and_said():
    read = plan.read(
        "青原县实施方案\n一、服务\n1.甲项服务。（县审批局牵头）\n2.乙项服务。（县审批局牵头）\n"
        "二、监管\n1.丙项服务。（县司法局牵头）\n"
    )
    assert [task.number for task in read.tasks] == [1, 2, 3]
    assert all(task.notes[0].code == "renumbered" for task in read.tasks)


def test_a_duplicated_number_refuses_the_whole_document_and_says_where():
    with pytest.raises(PlanRefused) as refused:
        plan.read(f"{HEAD}1.甲项服务。（县审批局牵头）\n1.乙项服务。（县财政局牵头）\n")
    assert (refused.value.code, refused.value.where) == ("duplicate_number", 4)
    assert "第 3 行" in refused.value.message


def test_a_missing_number_leaves_a_note():
    read = plan.read(f"{HEAD}1.甲项服务。（县审批局牵头）\n3.乙项服务。（县财政局牵头）\n")
    assert [note.code for note in read.task(3).notes] == ["number_gap"]


def test_a_likely_misspelling_is_reported_and_real_neighbours_are_left_alone():
    lines = "".join(
        f"{n}.事项{n}。（姜谭经开区管委会牵头，县财政局、县民政局、县商务局、县税务局配合）\n"
        for n in range(1, 5)
    )
    read = plan.read(f"{HEAD}{lines}5.事项五。（姜潭经开区管委会牵头，东关街道、西关街道配合）\n")
    assert [(number, note.code) for number, note in read.doubts] == [(5, "misspelling")]
    assert read.task(5).leads == ("姜潭经开区管委会",)


def test_a_missing_lead_is_doubted_never_invented():
    joint = only("（责任单位：县审批局、县税务局）")
    assert [note.code for note in joint.notes] == ["lead_not_named"]
    nobody = only("（各部门按职责分工负责）")
    assert nobody.leads == ()
    assert "no_lead" in [note.code for note in nobody.notes]


def test_the_names_of_responsible_people_are_not_taken_in():
    for words in (
        "（责任领导：王某某；责任单位：县审批局）",
        "\n责任领导：王某某\n责任单位：县审批局",
        "\n责任单位：县审批局\n联系人：王某某",
    ):
        task = only(words)
        assert task.leads == ("县审批局",)
        assert "王某某" not in repr(task)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("办电时间压减至10—12个工作日。", [("办电时间", "range", [10, 12], "工作日", None)]),
        ("开办时间由3个工作日压减至1个工作日以内。", [("开办时间", "<=", 1, "工作日", None)]),
        ("到2024年9月底，网办率提高到85%。", [("网办率", ">=", 85, "%", "2024-09-30")]),
        ("甲类、乙类项目审批时间分别压缩至50、85个工作日。", [
            ("甲类项目审批时间", "<=", 50, "工作日", None), ("乙类项目审批时间", "<=", 85, "工作日", None)]),
        ("一般登记、抵押登记分别压缩至5个、1个工作日内。", [
            ("一般登记", "<=", 5, "工作日", None), ("抵押登记", "<=", 1, "工作日", None)]),
        ("上半年新增市场主体5000户以上。", [("新增市场主体", ">=", 5000, "户", "2024-06-30")]),
        ("担保费率不超过1.5%，满意度不低于百分之九十五。", [
            ("担保费率", "<=", 1.5, "%", None), ("满意度", ">=", 95, "%", None)]),
        ("普惠小微贷款增长15%。", [("普惠小微贷款增长", ">=", 15, "%", None)]),
        ("培育专精特新企业10家，做好3个方面工作。", [("培育专精特新企业", ">=", 10, "家", None)]),
        ("企业诉求2小时内响应。", [("企业诉求响应", "<=", 2, "小时", None)]),
        ("实现160千瓦及以下小微企业服务全覆盖，推进“十四五”规划，自2021年3月10日起施行。", []),
    ],
)  # fmt: skip
def test_figures_are_targets_only_when_they_promise(text, expected):
    (task,) = plan.as_json(plan.read(f"{HEAD}1.优化服务。{text}（县审批局牵头）"))
    assert [tuple(target.values()) for target in task["targets"]] == expected


def test_a_date_in_the_bracket_is_the_date_of_the_targets_and_otherwise_a_note():
    dated = plan.read(f"{HEAD}1.优化服务。时间压减至1个工作日。（牵头单位：县审批局，6月底完成）")
    assert dated.tasks[0].targets[0].by == "2024-06-30"
    undated = only("（牵头单位：县审批局，6月底完成）")
    assert [note.code for note in undated.notes] == ["deadline"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "empty"),
        ("　\n \n", "empty"),
        (b"%PDF-1.7 scanned", "pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", "scan"),
        (b"\xff\xd8\xff\xe0", "scan"),
        (b"MZ\x00\x00\x90", "binary"),
        (b"x" * (5 * 1024 * 1024 + 1), "too_large"),
        ("好" * (2 * 1024 * 1024), "too_large"),
        ("Just an English text about nothing in particular", "no_text"),
        ("这是一段没有任何编号也没有任何任务的普通文字，谁也不负责什么事情。", "no_tasks"),
        ("青原县优化营商环境实施方案\n1.优化企业开办。\n2.优化企业注销。\n", "no_duty"),
        (b"\x81\x30\x20" * 30, "encoding"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_reason(source, code):
    with pytest.raises(PlanRefused) as refused:
        plan.read(source)
    assert refused.value.code == code
    assert refused.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_every_usual_encoding_reads_the_same(encoding):
    text = f"{HEAD}1.优化企业开办。（县审批局牵头，各部门配合）\n"
    assert plan.read(text.encode(encoding)) == plan.read(text)


def test_a_pasted_table_and_a_markdown_table_are_tasks():
    rows = [
        ["序号", "重点任务", "牵头单位", "配合单位"],
        ["1", "优化企业开办服务", "县审批局", "县公安局、县税务局"],
    ]
    tabbed = "青原县任务分工表\n" + "\n".join("\t".join(row) for row in rows)
    barred = "青原县任务分工表\n" + "\n".join("|" + "|".join(row) + "|" for row in rows)
    for text in (tabbed, barred):
        (task,) = plan.read(text).tasks
        assert (task.number, task.title) == (1, "优化企业开办服务")
        assert roles(task)[:2] == (["县审批局"], ["县公安局", "县税务局"])


def test_a_word_document_with_paragraphs_a_table_and_words_own_numbers_is_read():
    document = Document()
    document.add_paragraph("青原县优化营商环境2024年实施方案")
    document.add_paragraph("一、主要任务")
    document.add_paragraph("优化企业开办。推行一网通办。（县审批局牵头）", style="List Number")
    document.add_paragraph("优化企业注销。推行简易注销。（县市监局牵头）", style="List Number")
    assert [(t.number, t.leads) for t in plan.read(saved(document)).tasks] == [
        (1, ("县审批局",)),
        (2, ("县市监局",)),
    ]


def test_a_table_in_a_word_document_is_read():
    document = Document()
    document.add_paragraph("青原县优化营商环境任务分工表")
    table = document.add_table(rows=0, cols=4)
    for row in (
        ("序号", "工作任务", "牵头单位", "责任单位"),
        ("1", "优化企业开办服务", "县审批局", "县公安局\n县税务局"),
        ("2", "优化企业注销服务", "县市监局", "各镇街、各部门"),
    ):
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    first, second = plan.read(saved(document)).tasks
    assert roles(first)[:2] == (["县审批局"], ["县公安局", "县税务局"])
    assert roles(second)[:3] == (["县市监局"], [], "各镇街、各部门")


def test_a_broken_word_file_and_one_of_pictures_only_are_refused():
    with pytest.raises(PlanRefused, match="binary"):
        document_text("plan.docx", b"PK\x03\x04 broken")
    with pytest.raises(PlanRefused, match="empty"):
        plan.read(saved(Document()))


def test_a_newer_plan_differs_by_what_was_added_removed_and_changed():
    old = plan.read(
        f"{HEAD}1.甲项服务。（县审批局牵头，县财政局配合）\n2.乙项服务。（县财政局牵头）\n"
    )
    new = plan.read(
        f"{HEAD}1.甲项服务。（县财政局牵头，县审批局配合）\n3.丙项服务。（县财政局牵头）\n"
    )
    changes = plan.diff(old, new)
    assert [task.number for task in changes.added] == [3]
    assert [task.number for task in changes.removed] == [2]
    assert [(c.after.number, c.fields) for c in changes.changed] == [(1, ("leads", "supports"))]
    assert plan.diff(old, old).empty


PIECES = st.sampled_from([
    "一、", "（一）", "1.", "2．", "（1）", "①", "优化服务", "（县审批局牵头", "，县财政局配合", "）", "。", "；",
    "\n", "责任单位：", "县税务局", "、", "各部门", "等部门", "压减至", "3、5", "个工作日", "2024年", "13月底", "95%",
    "（", "(", "【", "\t", "|", "负责", "协调", "\u202e", "每半年", "1次", "牵头单位", "：", "第一章", "百十", "和",
])  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200) | st.binary(max_size=200))
def test_whatever_comes_in_is_a_plan_or_a_refusal(source):
    refused = None
    try:
        read = plan.read(source)
    except PlanRefused as no:
        refused = no
    if refused:
        assert refused.code
        assert refused.message
    else:
        numbers = [task.number for task in read.tasks]
        assert len(set(numbers)) == len(numbers) > 0
        assert all(task.leads or task.notes for task in read.tasks)


def saved(document):
    buffer = BytesIO()
    document.save(buffer)
    return document_text("plan.docx", buffer.getvalue())
