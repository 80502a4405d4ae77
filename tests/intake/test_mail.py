"""Messages as mail programs really send them, and as nobody should."""

from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.mail import DECORATION, Mail, Unreadable, read

SENDER = "owner@firm.example"
TEXT = "设立登记提交后卡了两周，窗口每次说法都不一样。"
NUMBER = "61030220261118E000001X"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * DECORATION


def made(body: str = TEXT, **headers: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    headers = {"From": f"企业主 <{SENDER}>", "Subject": "登记太慢", "Message_ID": "<1@x>"} | headers
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message


def raw(body: bytes, *headers: str) -> bytes:
    head = (f"From: {SENDER}", "Message-ID: <1@x>", *headers)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def text_of(body: bytes, kind: str, encoding: str = "8bit") -> str:
    return read(raw(body, f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}")).text


def test_a_plain_letter_is_read_whole():
    mail = read(made().as_bytes())
    assert (mail.sender, mail.name, mail.subject) == (SENDER, "企业主", "登记太慢")
    assert (mail.text, mail.files, mail.automatic, mail.language) == (TEXT, (), "", "zh")


@pytest.mark.parametrize("label", ["gb2312", "gbk", "GB18030", '"gb2312"'])
def test_a_gb_label_covers_every_character_of_the_widest_of_them(label):
    # 镕 is in GBK and not in GB 2312; 㐂 only in GB 18030
    for text in (TEXT, "朱镕先生反映" + TEXT, "㐂先生反映" + TEXT):
        assert text_of(text.encode("gb18030"), f"text/plain; charset={label}") == text


def test_utf_8_labelled_as_gb2312_is_read_as_what_it_is():
    assert text_of(TEXT.encode(), "text/plain; charset=gb2312") == TEXT


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; charset=nonsense",
        "text/plain; charset=us-ascii",
        "text/plain; charset=utf-8",
    ],
)
def test_text_without_a_right_label_is_found_out(charset, kind):
    assert text_of(TEXT.encode(charset), kind) == TEXT


@pytest.mark.parametrize(
    "codec", ["base64", "rot13", "zlib", "idna", "unicode_escape", "raw_unicode_escape"]
)
def test_a_codec_that_is_no_charset_decodes_nothing(codec):
    assert text_of(b"hello \\u4e2d world", f"text/plain; charset={codec}") == "hello \\u4e2d world"


def test_utf_7_is_refused():
    with pytest.raises(Unreadable) as refused:
        text_of(b"+ADw-script+AD4- hello", "text/plain; charset=utf-7")
    assert refused.value.code == "charset"


def test_headers_survive_every_way_of_writing_them():
    ways = (
        "=?gb2312?B?tce8x8yrwv0=?=",
        "=?UTF-8?Q?=E7=99=BB=E8=AE=B0?= =?UTF-8?Q?=E5=A4=AA=E6=85=A2?=",
        # a character split between two encoded words
        "=?utf-8?B?55m76K4=?=\r\n =?utf-8?B?sOWkquaFog==?=",
    )
    for way in ways:
        assert read(raw(TEXT.encode(), f"Subject: {way}")).subject == "登记太慢", way
    for charset in ("utf-8", "gb18030"):
        bare = b"Subject: " + "登记太慢".encode(charset) + b"\r\n" + raw(TEXT.encode())
        assert read(bare).subject == "登记太慢", charset


def test_a_message_without_a_subject_or_a_name_is_still_a_message():
    mail = read(raw(TEXT.encode()))
    assert (mail.subject, mail.name, mail.sender) == ("", "", SENDER)


@pytest.mark.parametrize("prefix", ["Re: ", "回复：", "Fwd: 答复: ", "RE[2]: ", "转发:"])
def test_a_title_goes_without_what_programs_put_before_it(prefix):
    assert read(made(Subject=f"{prefix}登记太慢").as_bytes()).title == "登记太慢"


# --- bodies -------------------------------------------------------------------------------


def html(body: str, **headers: str) -> Mail:
    message = made(**headers)
    message.clear_content()
    message.set_content(body, subtype="html")
    return read(message.as_bytes())


def test_html_alone_becomes_what_a_reader_sees():
    body = (
        "<html><head><title>不可见</title><style>p{color:red}</style></head><body>"
        "<p>设立登记&nbsp;卡了<b>两周</b></p><div>窗口说法不一&lt;三次&gt;</div>"
        "<script>alert('x')</script><p style='display: none'>ignore previous<p>nested</p></p>"
        "<!-- 注释 <p>--> <ul><li>一</li><li>二</li></ul>谢谢<br>再见</body></html>"
    )
    assert html(body).text == "设立登记 卡了两周\n\n窗口说法不一<三次>\n\n一\n\n二\n\n谢谢\n再见"


def test_an_endless_comment_hides_the_rest_and_nothing_breaks():
    assert html("<p>设立登记卡了两周</p>" + "<!--" * 50_000).text == "设立登记卡了两周"


def test_of_two_writings_the_plain_one_counts_unless_it_is_empty():
    message = made()
    message.add_alternative("<p>网页版</p>", subtype="html")
    assert read(message.as_bytes()).text == TEXT
    message = made(" \n")
    message.add_alternative(f"<p>{TEXT}</p>", subtype="html")
    assert read(message.as_bytes()).text == TEXT


QUOTES = (
    "\n\n在 2026年11月18日 10:00，接诉 <jiesu@gov.example> 写道：\n> 您好\n> 已收到",
    "\n\nOn Wed, Nov 18, 2026 at 10:00 AM Jiesu <jiesu@gov.example>\nwrote:\n> hello",
    '\n\n------------------ 原始邮件 ------------------\n发件人: "接诉"\n您好',
    "\n\n-----Original Message-----\nFrom: Jiesu\nhello",
    "\n\n发件人：接诉\n发送时间：2026年11月18日\n收件人：企业主\n主题：已收到\n\n您好",
    "\n\nFrom: Jiesu\nSent: Wednesday\nTo: owner\nSubject: received\n\nhello",
    "\n> 您好\n> 已收到",
)  # fmt: skip


@pytest.mark.parametrize("quote", QUOTES)
def test_a_reply_is_its_own_words_alone(quote):
    assert read(made(TEXT + quote, Subject="Re: 已收到").as_bytes()).text == TEXT


@pytest.mark.parametrize("quote", QUOTES)
def test_a_message_that_is_no_reply_keeps_what_it_passes_on(quote):
    kept = read(made(TEXT + quote).as_bytes()).text
    assert len(kept) > len(TEXT)


@pytest.mark.parametrize(
    "signature", ["\n-- \n企业主\n某公司", "\n发自我的iPhone", "\nSent from my phone"]
)
def test_signatures_are_cut_from_every_message(signature):
    assert read(made(TEXT + signature).as_bytes()).text == TEXT


def test_where_nothing_of_his_own_is_left_the_text_stays_whole():
    assert "已收到" in read(made("> 您好\n> 已收到", Subject="Re: x").as_bytes()).text


def test_the_quote_in_an_html_reply_is_cut_too():
    body = (
        f"<div>{TEXT}</div><div class='gmail_quote'>On … wrote:<blockquote>您好</blockquote></div>"
    )
    assert html(body, In_Reply_To="<x@y>").text == TEXT
    assert "您好" in html(body).text


def test_marks_of_direction_and_controls_do_not_come_in():
    assert read(made("设立\u202e登记\x00卡了\u200e两周").as_bytes()).text == "设立登记卡了两周"


# --- parts --------------------------------------------------------------------------------


def test_files_come_with_their_names_and_decoration_does_not():
    message = made()
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="合同.pdf")
    message.add_attachment(
        PNG[:100], maintype="image", subtype="png", disposition="inline", cid="<logo>"
    )
    message.add_attachment(
        PNG + b"!", maintype="image", subtype="png", disposition="inline", filename="现场.png"
    )
    assert [name for name, _ in read(message.as_bytes()).files] == ["合同.pdf", "现场.png"]


def test_a_name_in_an_encoded_word_is_read_as_chinese_programs_write_it():
    body = (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + TEXT.encode() + b"\r\n--b\r\n"
        b'Content-Type: application/pdf; name="=?gb2312?B?us/NrC5wZGY=?="\r\n'
        b'Content-Disposition: attachment; filename="=?gb2312?B?us/NrC5wZGY=?="\r\n\r\n%PDF-1.4\r\n--b--\r\n'
    )
    mail = read(raw(body, 'Content-Type: multipart/mixed; boundary="b"'))
    assert mail.files == (("合同.pdf", b"%PDF-1.4"),)


def test_a_message_sent_on_as_a_file_gives_its_words_and_files():
    inner = made("供应商的原话在这里", Subject="欠款说明")
    inner.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="欠条.pdf")
    outer = made()
    outer.add_attachment(inner)
    mail = read(outer.as_bytes())
    assert "欠款说明" in mail.text
    assert "供应商的原话" in mail.text
    assert [name for name, _ in mail.files] == ["欠条.pdf"]


def test_nesting_has_an_end():
    message = made("最里面")
    for _ in range(8):
        outer = made()
        outer.add_attachment(message)
        message = outer
    with pytest.raises(Unreadable) as refused:
        read(message.as_bytes())
    assert refused.value.code == "nested"


def test_very_deep_nesting_is_refused_and_not_followed():
    deep = b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(5000))
    with pytest.raises(Unreadable):
        read(b"From: a@b.cn\r\n" + deep + b"x")


# --- who sent it, and why ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto"),
        ({"Auto_Submitted": "auto-generated; x=y"}, "auto"),
        ({"X_Autoreply": "yes"}, "auto"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"List_Id": "<a.b>"}, "bulk"),
        ({"Return_Path": "<>"}, "bounce"),
        ({"From": "MAILER-DAEMON@mx.example"}, "robot"),
        ({"From": "no-reply@shop.example"}, "robot"),
        ({"From": "接诉 <Jiesu@gov.example>"}, "own"),
        ({"Reply_To": "jiesu+x@gov.example"}, "own"),
        ({"Auto_Submitted": "no"}, ""),
        ({"Precedence": "normal"}, ""),
    ],
)
def test_what_no_person_wrote_is_told_by_its_headers(headers, code):
    assert read(made(**headers).as_bytes(), own=("jiesu@gov.example",)).automatic == code


def test_a_report_of_failed_delivery_is_no_request():
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nfailed\r\n--b--\r\n"
    mail = read(raw(body, 'Content-Type: multipart/report; boundary="b"'))
    assert mail.automatic == "bounce"


def test_what_it_answers_to_is_found_in_address_and_references():
    letter = UUID("01a1ec61-e100-7c58-bb02-31cdff03d85a")
    signature = "0123456789abcdef0123"
    mail = read(
        made(
            To=f"接诉 <jiesu+{NUMBER.lower()}.{signature}@gov.example>",
            In_Reply_To=f"<{letter}@gov.example>",
        ).as_bytes()
    )
    assert mail.tokens == ((NUMBER, signature),)
    assert mail.letters == (letter,)


def test_only_a_number_whose_check_character_holds_counts_as_one():
    from datetime import date

    from core import ids

    number = ids.ticket_number("610302", date(2026, 11, 18), "E", 1)
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    assert read(made(Subject=f"关于{number.lower()}的补充").as_bytes()).numbers == (number,)
    assert read(made(Subject=f"关于 {wrong} 的补充").as_bytes()).numbers == ()


def test_one_message_has_one_key_however_it_was_delivered():
    first = made().as_bytes()
    assert read(b"Received: from a\r\n" + first).key == read(b"Received: from b\r\n" + first).key
    assert read(b"Received: from a\r\n" + first).digest == read(first).digest
    assert read(made(Message_ID="<2@x>").as_bytes()).key != read(first).key
    nameless = [
        raw(text.encode()).replace(b"Message-ID: <1@x>\r\n", b"")
        for text in (TEXT, TEXT, "另一件事情")
    ]
    keys = [read(one).key for one in nameless]
    assert keys[0] == keys[1] != keys[2]


def told(body: bytes) -> str:
    """The key of a message, or why it is refused: nothing else may come out."""
    try:
        return read(body).key
    except Unreadable as refused:
        return refused.code


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_message_or_refused(body):
    assert told(body)


FRAGMENTS = st.sampled_from(
    [b"From: a@b.cn\r\n", b"From: \xff<>@\r\n", b"Subject: =?utf-7?B?//?=\r\n", b"Subject: =?x?Q?=FF?=\r\n",
     b'Content-Type: multipart/mixed; boundary="b"\r\n', b"Content-Type: message/rfc822\r\n", b"Content-Type: ;;;\r\n",
     b"Content-Type: text/html; charset*=utf-8'%FF\r\n", b"Content-Disposition: attachment; filename*0*=x''%E4\r\n",
     b"Content-Transfer-Encoding: base64\r\n", b"\r\n", b"--b\r\n", b"--b--\r\n", b"<!--<p hidden>", b"\xe7\x99\xbb", b"=E7=99",
     b"In-Reply-To: <<<@>>\r\n", b"To: (((((\r\n", b"Date: x\r\n", b"Message-ID: [\r\n"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=25))
def test_any_mixture_of_what_messages_are_made_of_is_read_or_refused(pieces):
    assert told(b"".join(pieces))
