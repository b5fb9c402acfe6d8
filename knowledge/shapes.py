"""Ways to say a thing, many in one line: “(啥|什么)时候(才|)到账”, “要…签”.

A shape is text in which (甲|乙) is one of several, (甲|) perhaps nothing, and “…” stands for up to five characters, but
no mark. Policy officers write them (common/lexicon.yml, common/matters.yml).
"""

import re

GAP = "…"
HOW_TO_WRITE = "写成 (甲|乙) 或 (甲|)，括号要成对，不能整个都可有可无"
_ANYTHING = r"([^,，。;；!！?？、\n]{0,5})"  # people type spaces between keywords
_SIGNS = re.compile(f"[(|){GAP}]")
_SPELLED = {"(": "(?:", "|": "|", ")": ")", GAP: _ANYTHING}


def is_shape(text: str) -> bool:
    """Whether a text is more than the words it consists of."""
    return _SIGNS.search(text) is not None


def pattern(shape: str) -> str:
    """The regular expression of a shape, in lower case; each of its groups is what a “…” stood for.

    Raises ValueError when the brackets do not pair, or the shape may be nothing at all.
    """
    at, parts = 0, []
    for sign in _SIGNS.finditer(shape):
        parts += [re.escape(shape[at : sign.start()].lower()), _SPELLED[sign.group()]]
        at = sign.end()
    found = "".join([*parts, re.escape(shape[at:].lower())])
    try:
        nothing = re.fullmatch(found, "") is not None
    except re.error as error:
        raise ValueError(shape) from error
    if nothing:
        raise ValueError(shape)
    return found
