"""Written forms: traditional to simplified, one character for one, and what is easily confused."""

from unicodedata import normalize

# Only what plans and unit names use; a character not listed stays as it is written.
_PAIRS = (
    "區区縣县鎮镇鄉乡黨党團团紀纪檢检監监組组織织統统戰战務务財财稅税質质發发經经濟济資资"
    "產产業业農农環环衛卫醫医療疗險险應应電电廣广體体視视審审場场處处辦办負负責责單单牽牵"
    "頭头協协調调聯联導导員员會会廳厅總总隊队駐驻銀银貿贸關关開开園园動动勞劳創创養养運运"
    "輸输軍军訊讯訪访設设計计證证評评該该規规劃划觀观記记許许訓训議议認认語语說说請请論论"
    "護护變变讓让購购貨货費费賬账貸贷質质貫贯贊赞賽赛趙赵軟软載载輕轻較较輔辅輪轮邊边還还"
    "進进連连達达違违遠远適适選选遞递郵邮鄭郑醬酱釋释鐵铁錢钱鋼钢錄录鑒鉴門门閉闭間间隨随"
    "階阶際际陽阳陰阴隱隐難难雲云靈灵響响頁页項项順顺須须預预領领題题額额願愿類类顯显風风"
    "飛飞館馆馬马駛驶驗验魚鱼麗丽齊齐齡龄龍龙國国圖图圍围執执報报壓压壞坏壯壮備备優优傳传"
    "傷伤價价億亿儀仪償偿內内兩两冊册則则剛刚劑剂勝胜匯汇華华衝冲決决況况淨净減减滬沪漢汉"
    "灣湾濱滨瀏浏災灾無无煙烟熱热營营狀状獎奖獨独獻献現现瑪玛當当畢毕異异疊叠癥症盡尽監监"
    "碼码確确礦矿禮礼種种積积穩稳窮穷競竞筆笔節节範范築筑簡简簽签籌筹糧粮約约級级納纳純纯"
    "紙纸給给絕绝維维網网線线編编緊紧緩缓練练繼继續续績绩縮缩縱纵職职聽听脫脱臨临與与興兴"
    "舉举舊旧藝艺藥药蘇苏術术補补裝装製制複复見见覽览觸触訂订診诊詢询試试詳详誠诚誤误課课"
    "諮咨謀谋講讲譚谭識识譽誉讀读貴贵賓宾賢贤購购車车轉转農农過过邁迈鋪铺鎖锁長长陝陕陳陈"
    "雙双雜杂離离韓韩後后從从復复徵征應应懷怀戶户拋抛損损換换撥拨擇择據据擴扩攔拦數数敵敌"
    "時时晝昼曉晓書书條条來来東东標标樞枢樓楼機机檔档權权歲岁歷历殘残氣气測测準准滅灭滿满"
    "為为個个們们倉仓偉伟僅仅億亿勵励勢势區区參参號号嚴严塊块墊垫夠够奪夺學学寧宁實实寫写"
    "審审將将專专尋寻對对層层屬属島岛師师帶带幣币幫帮幹干庫库廠厂廢废張张強强彈弹彙汇惠惠"
    "於于歸归併并聞闻問问點点幾几萬万這这爲为偽伪憑凭勻匀卻却厲厉吳吴喪丧嚇吓圓圆堅坚壇坛夾夹奮奋婦妇媽妈孫孙尷尴屆届嶺岭巖岩廈厦廟庙彎弯徑径悅悦悶闷惡恶愛爱"
    "慣惯慶庆憂忧憲宪戲戏拚拼挾挟掃扫採采揚扬擊击擋挡擔担擬拟擠挤擾扰攝摄敗败敘叙斷断旣既暢畅暫暂曆历極极構构樣样橋桥檻槛歡欢毀毁毆殴沒没淺浅渦涡湊凑溝沟溫温"
    "滯滞漲涨潔洁潛潜潤润澤泽濃浓爐炉爭争牆墙犧牺狹狭猶犹獲获瑣琐畝亩癱瘫盜盗盤盘睏困矯矫碩硕禦御稱称穀谷竄窜筍笋糾纠紅红紋纹紡纺紮扎終终結结絡络絲丝綁绑綜综"
    "綠绿綱纲緣缘縫缝繳缴罰罚罵骂羅罗習习聖圣腳脚腦脑臟脏艦舰莊庄葉叶蓋盖蕭萧薦荐虛虚蟲虫衆众裏里親亲覺觉託托訟讼詐诈話话誌志談谈諾诺謊谎謝谢譯译豐丰貧贫貪贪"
    "販贩貼贴賄贿賒赊賠赔賣卖賦赋賴赖贏赢趕赶跡迹踐践軌轨輯辑辭辞辯辩迴回逕径週周遷迁遲迟鄧邓釐厘針针銜衔銷销錯错鍵键鐘钟鑽钻閃闪閒闲閱阅闖闯闢辟陸陆隸隶雖虽"
    "霧雾靜静頂顶頓顿頒颁頗颇頻频顆颗顧顾飯饭飲饮飾饰餘余驅驱驕骄驚惊髒脏鬆松鬧闹鬥斗魯鲁鮮鲜鳥鸟黃黄齒齿"
)
_SIMPLIFIED = str.maketrans(_PAIRS[::2], _PAIRS[1::2])
_WIDTH = {code: normalize("NFKC", chr(code)) for code in (*range(0xFF10, 0xFF1A), 0xFF05)}
# never a slip of the pen: words that tell two real names apart
_APART = frozenset("东西南北中上下前后左右大小新老内外一二三四五六七八九十甲乙丙丁省市区县乡镇村")
_SOUND_REACH = 12
_FIRST_LEVEL_END = 0xD7F9


def simplified(text: str) -> str:
    """The same text, as long as before, in simplified characters and half-width digits."""
    return text.translate(_SIMPLIFIED).translate(_WIDTH)


def confusable(one: str, other: str) -> bool:
    """Whether two characters sound or look alike.

    GB 2312 orders its first level by sound and its second by radical, so near codes are
    near in the mouth or on paper; this needs no table of readings.
    """
    if one in _APART or other in _APART:
        return False
    first, second = _gb(one), _gb(other)
    same_level = (first <= _FIRST_LEVEL_END) == (second <= _FIRST_LEVEL_END)
    return bool(first and second) and same_level and abs(first - second) <= _SOUND_REACH


def telling(one: str, other: str) -> bool:
    """Whether the two characters are of the kind that tells two real names apart."""
    return one in _APART or other in _APART


def one_off(one: str, other: str) -> tuple[str, str] | None:
    """The differing characters when exactly one is replaced, missing or added."""
    if one == other or abs(len(one) - len(other)) > 1:
        return None
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if len(a) == len(b):
        return (a[0], b[0]) if a[1:] == b[1:] else None
    if len(a) > len(b):
        return (a[0], "") if a[1:] == b else None
    return ("", b[0]) if b[1:] == a else None


def _gb(char: str) -> int:
    try:
        code = char.encode("gb2312")
    except UnicodeEncodeError:
        return 0
    return int.from_bytes(code) if len(code) == 2 else 0
