"""Messages in pinyin: read by the words of the packs, and left alone where they are something else."""

import pytest

from knowledge import load
from knowledge.pinyin import PinyinReader


@pytest.fixture(scope="module")
def reader() -> PinyinReader:
    return PinyinReader(load())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("wo men gong si neng ling wen gang fan huan ma", "我们公司能领稳岗返还吗"),
        ("womengongsinenglingwengangfanhuanma", "我们公司能领稳岗返还吗"),
        ("shiye buzhujin shei neng ling?", "失业补助金谁能领?"),
        ("28 ge ren qu nian cai le 5 ge", "28个人去年裁了5个"),
        ("Can ji ren suan jiu ye kun nan ren yuan ma", "残疾人算就业困难人员吗"),
    ],
)
def test_pinyin_is_read(reader: PinyinReader, typed: str, read: str) -> None:
    assert reader.read(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "OK",
        "bye bye",
        "hello how are you",
        "can i get the subsidy",
        "what is the weather",
        "12333",
        "稳岗 fan huan",
        "HR问 layoff rate",
        "x" * 3000,
        "a b c d e f",
    ],
)
def test_what_is_none_stays(reader: PinyinReader, typed: str) -> None:
    assert reader.read(typed) == typed


def test_a_space_is_the_border_of_a_syllable(reader: PinyinReader) -> None:
    """fang an is 方案; fan gan is not."""
    assert "方案" in reader.read("er ci an zhi fang an") and "方案" not in reader.read("er ci an zhi fan gan")
