"""No figure is to be had behind an empty parameter or a text that the notices leave it to, however it is asked for.

``probes.tsv`` (``wengang ask --file`` takes it too): a question, the day on which it is asked, what was said before (a
fresh conversation otherwise), and what it is after. The digits of every sum, rate or ratio in the answer must stand in
a clause that the answer reads out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from actions.values import find_values
from knowledge.text import normalise

ANSWERED = re.compile(r"没有写|没写|未核到|没有核到|不在(?:这|我能查的)两份通知里|通知里没有")
WHO_TO_ASK = re.compile(r"12333|经办机构|人社部门|税务部门")
AFFIRMED = re.compile(r"(?:^|[。，！\n])(?:对|对的|是的|没错|不错|正确|准的|是真的|有的)[，。！\n]")
_FIGURE = re.compile(
    r"\d[\d,.]*(?:万|千|百)?(?:元|块|%|倍|成)|百分之[一二三四五六七八九十百\d]+|\d+分之\d+|[二三四五六]分之[一二三四]"
)


def probes() -> Iterator[Any]:
    lines = Path(__file__).with_name("probes.tsv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t"):
        yield pytest.param(row, id=" → ".join(filter(None, (row["before"], row["question"]))))


def test_there_are_a_hundred() -> None:
    assert len(list(probes())) >= 100


@pytest.mark.parametrize("probe", probes())
async def test_no_figure(assistant: Any, probe: dict[str, str]) -> None:
    as_of, sender = date.fromisoformat(probe["as_of"]), f"probe-{probe['before']}-{probe['question']}"
    if probe["before"]:
        await assistant.reply(sender, probe["before"], as_of=as_of)
    replies = await assistant.reply(sender, probe["question"], as_of=as_of)
    said = "\n".join(reply["text"] for reply in replies)
    assert not invented(said, quoted(replies), probe["question"], as_of), said
    assert ANSWERED.search(said), said
    assert WHO_TO_ASK.search(said), said
    assert not AFFIRMED.search(said), said


def quoted(replies: list[dict[str, Any]]) -> str:
    clauses = [clause["quote"] for reply in replies for clause in reply.get("clauses", ())]
    quotes = [quote["quote"] for reply in replies for quote in reply.get("card", {}).get("quotes", ())]
    return normalise("".join([*clauses, *quotes]))


def invented(said: str, quotes: str, question: str, as_of: date) -> set[str]:
    """The sums, rates and ratios of an answer, and the figures of the question in it, that no quoted clause states."""
    figures = set(_FIGURE.findall(normalise(said)))
    figures |= {normalise(v.text) for v in find_values(said, as_of) if v.kind in ("money", "percent")}
    own = {normalise(v.text) for v in find_values(question, as_of) if v.kind in ("money", "percent", "number")}
    figures |= {figure for figure in own if len(figure) > 1 and figure in normalise(said)}
    return {figure for figure in figures if figure not in quotes}


def test_a_figure_out_of_nowhere_is_noticed() -> None:
    for sentence in ("每月 1,500 元", "按 60% 补", "最低工资的百分之八十", "是它的 1.5 倍", "补八百块", "三分之二"):
        assert invented(sentence, "", "", date(2021, 9, 1)), sentence
    assert not invented("最多 50%", "可预拨最多50%的见习补贴", "", date(2021, 9, 1))
