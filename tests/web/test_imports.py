"""Old cases on the page and from the command line: look, have it done, mend, send again."""

import csv
import io

from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.tables import Ticket
from intake.tables import ImportRow
from tests import makers
from web import wiring

HEADS = "原编号,状态,受理时间,办结时间,内容,联系电话"
FIT = "1,办结,2023-05-01,2023-05-09,设立登记卡了两周没有结果,"
BAD = "2,办结,2023-02-30,2023-05-09,=HYPERLINK(1),"


def send(client, *rows: str, source: str = "旧热线", name: str = "cases.csv"):
    body = "\n".join([HEADS, *rows]).encode()
    return client.post("/imports", data={"source": source}, files={"file": (name, body)})


def newest(office: Office) -> ImportRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(select(ImportRow).order_by(ImportRow.id.desc())).first()


def test_a_list_is_looked_at_taken_in_and_its_faults_come_back(staff, office: Office) -> None:
    dispatcher = staff("dispatcher")
    page = send(dispatcher, FIT, BAD).text
    assert "无法识别为日期" in page
    assert "导入 1 件" in page
    assert makers.count(office, Ticket) == 0
    row = newest(office)
    path = f"/imports/{row.id}"
    assert dispatcher.get(f"{path}/errors").status_code == 404
    assert "排队中" in dispatcher.post(f"{path}/begin").text
    assert jobs.run(office, wiring.WORKS, newest(office).job_id)
    assert "下载错误文件" in dispatcher.get(path).text
    assert "cases.csv" in dispatcher.get("/imports").text
    file = dispatcher.get(f"{path}/errors")
    assert file.headers["content-disposition"].startswith("attachment; filename=")
    [_, faulty] = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert faulty[:2] == ["2", "办结"]
    assert faulty[4] == "'=HYPERLINK(1)"
    assert "内容：是公式" in faulty[6]
    assert makers.count(office, Ticket) == 1
    [ticket] = [row.number for row in _tickets(office)]
    assert "历史诉求导入" in dispatcher.get(f"/tickets/{ticket}").text
    assert dispatcher.post(f"{path}/begin").status_code == 409


def _tickets(office: Office) -> list[Ticket]:
    with Session(office.engine, expire_on_commit=False) as session:
        return list(session.exec(select(Ticket)))


def test_english_readers_get_english_faults_and_an_english_file(staff, office: Office) -> None:
    supervisor = staff("supervisor")
    supervisor.headers["Accept-Language"] = "en"
    assert "is not a date" in send(supervisor, BAD).text
    path = f"/imports/{newest(office).id}"
    supervisor.post(f"{path}/begin")
    assert jobs.run(office, wiring.WORKS, newest(office).job_id)
    text = supervisor.get(f"{path}/errors").content.decode("utf-8-sig")
    assert text.splitlines()[0].endswith(",Faults")
    assert "is a formula" in text


def test_what_cannot_be_taken_is_told_beside_its_field(staff, office: Office) -> None:
    dispatcher = staff("dispatcher")
    assert send(dispatcher, FIT, source="").status_code == 422
    for body in (b"", b"a,b\n1,2", b"\x00\x01", b"PK\x03\x04"):
        answer = dispatcher.post("/imports", data={"source": "x"}, files={"file": ("a.csv", body)})
        assert answer.status_code == 422
        assert 'id="f-file-fault"' in answer.text
    assert dispatcher.post("/imports", data={"source": "x"}).status_code == 422
    assert makers.count(office, ImportRow) == 0


def test_a_file_name_is_neutral_and_nothing_of_the_file_is_markup(staff, office: Office) -> None:
    page = send(staff("dispatcher"), FIT, name="../<b>x</b>.csv").text
    assert "<b>x</b>" not in page
    assert newest(office).name == "b>.csv"
    assert "/" not in newest(office).name


def test_who_may_not_import_gets_nothing(staff, office: Office) -> None:
    send(staff("dispatcher"), FIT)
    path = f"/imports/{newest(office).id}"
    operator = staff("operator")
    assert send(operator, FIT).status_code == 403
    for place in (path, f"{path}/errors", "/imports/template.csv"):
        assert operator.get(place).status_code == 403
    for act in ("begin", "discard"):
        assert operator.post(f"{path}/{act}").status_code == 403


def test_the_template_is_a_list_we_understand(staff) -> None:
    dispatcher = staff("dispatcher")
    heads = dispatcher.get("/imports/template.csv").content
    assert heads.startswith(b"\xef\xbb\xbf")
    answer = dispatcher.post("/imports", data={"source": "x"}, files={"file": ("t.csv", heads)})
    assert "表头下面没有数据" in answer.text


def test_the_command_looks_and_takes_in_and_leaves_the_faulty_rows(run, office, tmp_path) -> None:
    path = tmp_path / "old.csv"
    path.write_text(f"{HEADS}\n{FIT}\n{BAD}", encoding="gb18030")
    code, out, _ = run("import", str(path), "--dry-run")
    assert (code, out.splitlines()[0]) == (1, "rows 2 fit 1 faulty 1 known 0")
    assert "3\t受理时间\tdate\t" in out
    assert makers.count(office, Ticket) == 0
    code, out, _ = run("import", "tickets", str(path), "--source", "旧热线")
    assert (code, out.splitlines()[0]) == (1, "taken 1 faulty 1 known 0")
    errors = tmp_path / "old-errors.csv"
    assert "错误说明" in errors.read_text(encoding="gb18030")
    errors.write_text(f"{HEADS}\n{FIT}\n2,办结,2023-02-03,2023-05-09,供电中断两天了,")
    code, out, _ = run("import", str(errors), "--source", "旧热线")
    assert (code, out.splitlines()[0]) == (0, "taken 1 faulty 0 known 1")
    assert run("import", str(tmp_path / "none.csv"))[0] == 2
