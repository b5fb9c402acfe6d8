"""Ways to say a thing, many in one line."""

import re

import pytest

from knowledge.matters import Phrases
from knowledge.shapes import is_shape, pattern


@pytest.mark.parametrize(
    ("shape", "said", "not_said"),
    [
        ("(啥|什么)时候(才|)到账", ["啥时候到账", "什么时候才到账"], ["时候到账", "啥时候才才到账"]),
        ("((上|去)哪|在哪儿)办", ["上哪办", "去哪办", "在哪儿办"], ["在哪办"]),
        ("要…签", ["要签", "要不要签", "要跟单位签"], ["要，签", "要跟我们单位去签"]),
        ("1+x(证|)", ["1+X", "1+x证"], ["11x"]),
    ],
)
def test_what_a_shape_stands_for(shape: str, said: list[str], not_said: list[str]) -> None:
    assert is_shape(shape)
    assert all(re.fullmatch(pattern(shape), one.lower()) for one in said)
    assert not any(re.fullmatch(pattern(shape), one.lower()) for one in not_said)


@pytest.mark.parametrize("word", ["啥时候到账", "1+x", "多少钱?", "n+1"])
def test_words_stand_for_themselves(word: str) -> None:
    assert not is_shape(word)
    assert re.fullmatch(pattern(word), word)


@pytest.mark.parametrize("shape", ["(啥|什么时候", "啥)时候", "(啥|)", ""])
def test_what_cannot_be_read_or_says_nothing_is_refused(shape: str) -> None:
    with pytest.raises(ValueError):
        pattern(shape)


def test_matters_take_shapes_and_know_their_gaps() -> None:
    (said,) = Phrases(["(去|上)…报名"]).found_in("请问上哪儿报名")
    assert (said.words, said.gaps) == ("上哪儿报名", ((3, 5),))
