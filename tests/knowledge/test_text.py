from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import Spaceless, normalise, same_ignoring_space, without_space

anything = st.text(st.characters())


def test_normalise() -> None:
    assert normalise("３０人（含） 以下\u3000ＡＢ\u200b\ufeff") == "30人(含)以下ab"


@given(anything)
def test_normalise_leaves_nothing_invisible(text: str) -> None:
    plain = normalise(text)
    assert not any(c.isspace() for c in plain)
    plain.encode()  # lone surrogates would raise


def test_white_space_only_is_ignored() -> None:
    assert same_ignoring_space("保\n\n障 标准\u3000", "保障标准")
    assert not same_ignoring_space("职业能培训", "职业技能培训")
    assert not same_ignoring_space("(含)", "（含）")


@given(st.text("一二 \n"), st.text("一二 \n"), st.integers(0, 20))
def test_a_find_reads_like_what_was_sought(text: str, wanted: str, start: int) -> None:
    found = Spaceless(text).find(wanted, start)
    if found:
        assert found[0] >= start
        assert same_ignoring_space(text[slice(*found)], wanted)
    else:
        assert not without_space(wanted) or without_space(wanted) not in without_space(text[start:])
