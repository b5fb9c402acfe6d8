"""Whatever is wrong with a pack, the officer gets one Chinese sentence: file, line, fault, mend."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import Knowledge, PackError, load

NOTICE = """\
id: XX
number: 试人社〔2030〕1号
short: 试点通知
title: 关于试点的通知
issuers: [试点市人社局]
date: 2030-01-02
place: 试点市
about: 测试用的小通知。
"""
SOURCE = "试人社〔2030〕1号\n\n## 关于试点的通知\n\n**一、补贴。**每人\n\n一百元，一次发放。\n\n试点市人社局\n"
CLAUSES = """\
- {id: XX/文号, item: 文头, title: 文号, kind: informational, text: 试人社〔2030〕1号}
- {id: XX/标题, title: 标题, kind: informational, text: 关于试点的通知}
- id: XX/一
  item: 一
  title: 补贴
  kind: heading
  level: 1
  text: 一、补贴
- id: XX/一/标准
  title: 发多少
  kind: benefit
  text: 每人一百元
- id: XX/一/次数
  title: 发几次
  kind: benefit
  text: 一次发放
  questions: [能领几回]
- {id: XX/落款, item: 落款, level: 0, title: 落款, kind: informational, text: 试点市人社局}
"""
FACTS = """\
married:
  type: bool
  scope: person
  zh: 已婚
"""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    root = tmp_path / "packs"
    for path, text in {
        "xx/notice.yml": NOTICE,
        "xx/source.txt": SOURCE,
        "xx/clauses.yml": CLAUSES,
        "common/facts.yml": FACTS,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def change(path: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def write(path: str, content: str | bytes) -> Callable[[Path], None]:
    raw = content.encode() if isinstance(content, str) else content
    return lambda root: (root / path).write_bytes(raw) and None


def clauses(old: str, new: str) -> Callable[[Path], None]:
    return change("xx/clauses.yml", old, new)


def test_the_sound_pack_loads(packs: Path) -> None:
    k = load(packs)
    assert k.clauses["XX/一/标准"].quote == "每人\n\n一百元"
    assert k.clauses["XX/一/标准"].path == ("一、补贴",)
    assert k.clauses["XX/落款"].path == ()
    assert (k.questions, k.lexicon, k.programme_files) == ({}, {}, ())


QUESTIONS = "common/questions.yml"
BROKEN = {
    "key written twice": (clauses("  item: 一\n", "  item: 一\n  item: 二\n"), "xx/clauses.yml 第5行", "写了两遍"),
    "field left out": (clauses("  text: 每人一百元\n", ""), "xx/clauses.yml 第9行", "缺少字段“text”"),
    "field empty": (clauses("text: 每人一百元", "text:"), "xx/clauses.yml 第12行", "是空的"),
    "text not in source": (clauses("每人一百元", "每人二百元"), "xx/clauses.yml 第12行", "原文里没有“每人二百元”"),
    "text twice": (clauses("text: 一次发放", "text: 每人一百元"), "xx/clauses.yml 第16行", "重叠或顺序不对"),
    "gap": (clauses("text: 每人一百元", "text: 一百元"), "xx/clauses.yml 第12行", "“每人”没有归入任何条款"),
    "end left over": (write("xx/source.txt", SOURCE + "附则"), "xx/clauses.yml 第18行", "“附则”没有归入"),
    "unknown kind": (clauses("kind: benefit", "kind: gift"), "xx/clauses.yml 第11行", "不能写“gift”"),
    "unknown field": (clauses("  title: 发多少", "  titel: 发多少"), "xx/clauses.yml 第10行", "不认识的字段“titel”"),
    "id twice": (clauses("XX/一/次数", "XX/一/标准"), "xx/clauses.yml 第13行", "用了两次"),
    "id of another notice": (clauses("XX/一/次数", "YY/一/次数"), "xx/clauses.yml 第13行", "不以“XX/”开头"),
    "number for text": (clauses("text: 一次发放", "text: 100"), "xx/clauses.yml 第16行", "应为文字"),
    "text for list": (clauses("[能领几回]", "能领几回"), "xx/clauses.yml 第17行", "应为列表"),
    "mapping for list": (write("xx/clauses.yml", "a: b"), "xx/clauses.yml 第1行", "应为列表"),
    "empty file": (write("xx/clauses.yml", ""), "xx/clauses.yml 第1行", "应为列表"),
    "not UTF-8": (write("xx/clauses.yml", b"- id: XX\n  text: \xd6\xd0"), "xx/clauses.yml 第2行", "不是 UTF-8"),
    "source not UTF-8": (write("xx/source.txt", "关于".encode("gb18030")), "xx/source.txt 第1行", "不是 UTF-8"),
    "tab": (clauses("  item: 一", "\titem: 一"), "xx/clauses.yml 第4行", "Tab"),
    "quote left open": (clauses("text: 一、补贴", "text: '一、补贴"), "xx/clauses.yml 第", "读不懂"),
    "control character": (clauses("title: 发多少", "title: 发\x07多少"), "xx/clauses.yml 第10行", "控制字符"),
    "merge key": (write("xx/notice.yml", "<<: {id: XX}"), "xx/notice.yml 第1行", "不是普通文字"),
    "loop of references": (write("xx/clauses.yml", "- &a\n  - *a"), "xx/clauses.yml 第1行", "引用"),
    "too deep": (write("xx/clauses.yml", "[" * 900 + "]" * 900), "xx/clauses.yml：", "嵌套太深"),
    "no clauses.yml": (lambda root: (root / "xx/clauses.yml").unlink(), "xx/clauses.yml：", "找不到"),
    "no source.txt": (lambda root: (root / "xx/source.txt").unlink(), "xx/source.txt：", "找不到"),
    "no notice.yml": (lambda root: (root / "xx/notice.yml").unlink(), "xx/notice.yml：", "找不到"),
    "no facts.yml": (lambda root: (root / "common/facts.yml").unlink(), "common/facts.yml：", "找不到"),
    "no such day": (change("xx/notice.yml", "2030-01-02", "2030-02-30"), "xx/notice.yml 第6行", "不是有效的值"),
    "no date at all": (change("xx/notice.yml", "date: 2030-01-02", "date:"), "xx/notice.yml 第6行", "没有印发日期"),
    "issuer not printed": (change("xx/notice.yml", "人社局", "财政局"), "xx/notice.yml 第5行", "原文里没有"),
    "unknown type of fact": (change("common/facts.yml", "bool", "boolean"), "common/facts.yml 第2行", "不能写"),
    "implies no fact": (
        write("common/facts.yml", FACTS + "  implies:\n    true: {adult: true}\n"),
        "common/facts.yml 第6行",
        "没有“adult”",
    ),
    "asks for no fact": (
        write(QUESTIONS, "- id: q\n  facts:\n    - marred\n  ask: 结婚了吗？\n  kind: yes_no\n"),
        "common/questions.yml 第3行",
        "没有“marred”",
    ),
    "choice out of type": (
        write(QUESTIONS, "- id: q\n  facts: [married]\n  ask: 婚否？\n  kind: yes_no\n  choices:\n"
              "    - label: 是\n      sets: {married: maybe}\n"),
        "common/questions.yml 第7行",
        "应为true 或 false",
    ),
    "lexicon is a list": (write("common/lexicon.yml", "- a"), "common/lexicon.yml 第1行", "应为“键: 值”"),
}  # fmt: skip


@pytest.mark.parametrize(("breaks", "where", "what"), BROKEN.values(), ids=BROKEN)
def test_one_clear_complaint(packs: Path, breaks: Callable[[Path], None], where: str, what: str) -> None:
    breaks(packs)
    with pytest.raises(PackError) as caught:
        load(packs)
    said = str(caught.value)
    assert said.startswith("packs/" + where)
    assert what in said
    assert "。改法：" in said
    assert "\n" not in said
    assert said.endswith("。")


def test_a_file_of_the_house_is_named_from_the_repository(packs: Path) -> None:
    house = load()
    place = house.programme_files[0].path if house.programme_files else house.root / "common" / "facts.yml"
    assert str(PackError(place, 3, "错了", "改对")).startswith("knowledge/packs/")
    assert str(packs) not in str(PackError(packs / "xx" / "notice.yml", None, "错了", "改对"))


def loaded(packs: Path, edit: Callable[[Path], None]) -> Knowledge:
    edit(packs)
    return load(packs)


def test_the_hash_follows_every_file(packs: Path) -> None:
    hashes = [
        load(packs).hash,
        loaded(packs, change("common/facts.yml", "已婚", "结了婚")).hash,
        loaded(packs, write("xx/remark.txt", "随手记")).hash,
        loaded(packs, lambda root: (root / "xx/remark.txt").rename(root / "xx/note.txt") and None).hash,
    ]
    assert len(set(hashes)) == len(hashes)
    assert loaded(packs, write("xx/.remark.swp", "编辑器的临时文件")).hash == hashes[-1]
