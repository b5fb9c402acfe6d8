"""The spaCy pipeline that finds what a message speaks of: blank Chinese, one character a token, one SpanRuler a kind.

Characters, not words: number and name borders do not depend on how jieba cut the sentence. One ruler a kind, so that
within a kind the longest match wins while spans of different kinds may overlap (失业补助金 is a programme in
没领过失业补助金, which is a fact). Words are found by the ruler, shapes (knowledge/shapes.py) by a component behind it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import registry

Pattern = dict[str, Any]
"""`label` is the value the span stands for; `pattern`, as spaCy has it, a text or a list of token descriptions, or
`shape`, a regular expression in lower case (knowledge/shapes.py)."""

_SHAPES = "wengang_shapes"
_FILTER = "wengang.longest_spans.v1"
_ASSERTIONS = "wengang_assertions"
_NEGATIONS = ("不属于", "不算", "不是", "没有", "没", "不", "非", "无", "未")
_DOUBTS = ("是不是", "有没有", "算不算", "属不属于", "能不能算", "是否", "是否属于", "算否")
_UNITS = "元块万千百个人名天月年岁.%"
_OPPOSITE = {"true": "false", "false": "true"}
_FOR_ME = re.compile(r"[给帮替](?:我们|咱们|我|俺|咱|他们|他|她)?$")
_QUESTION = re.compile(r"\w{2}不$")  # “能领不 ” in front of a space asks; it denies nothing of what follows
BORDERS = "borders"
"""Key of a document's user data: the offsets before which its text had spaces."""


def build(patterns: Mapping[str, Iterable[Pattern]]) -> Language:
    """Return a pipeline that puts the spans of every kind into `doc.spans[kind]`; their label is their value."""
    nlp = spacy.blank("zh")  # its default tokenizer: one token a character
    shapes: dict[str, list[tuple[str, str]]] = {}
    for kind, entries in patterns.items():
        config = {"spans_key": kind, "spans_filter": {"@misc": _FILTER}, "phrase_matcher_attr": "LOWER"}
        ruler: Any = nlp.add_pipe("span_ruler", name=kind, config=config)
        every = list(entries)
        ruler.add_patterns([one for one in every if "pattern" in one])
        shapes[kind] = [(one["label"], one["shape"]) for one in every if "shape" in one]
    nlp.add_pipe(_SHAPES, config={"shapes": shapes})
    if "fact" in patterns:
        nlp.add_pipe(_ASSERTIONS)
    return nlp


@registry.misc(_FILTER)
def longest_spans() -> Callable[[Iterable[Span], Iterable[Span]], list[Span]]:
    """Make the filter of a ruler: of overlapping spans the longest wins, then the first.

    Unlike spaCy's own filter it keeps every meaning of the winning characters: one word can stand for two facts.
    """

    return lambda _, found: _longest(found)


def _longest(found: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: (s.start - s.end, s.start)):
        clashes = (k for k in kept if span.start < k.end and k.start < span.end and not _same_place(span, k))
        if _stands_alone(span) and not any(clashes):
            kept.append(span)
    return sorted(kept, key=lambda s: (s.start, s.label_))


@Language.factory(_SHAPES)
class Shapes:
    """Adds the spans of the shapes, kind → [(label, regular expression)], to those of the words; the longest win."""

    def __init__(self, nlp: Language, name: str, shapes: dict[str, list[tuple[str, str]]]) -> None:
        self._shapes = {kind: [(label, re.compile(one)) for label, one in found] for kind, found in shapes.items()}

    def __call__(self, doc: Doc) -> Doc:
        """Read a document."""
        text = doc.text.lower()
        for kind, shapes in self._shapes.items():
            found = {(*match.span(), label) for label, shape in shapes for match in shape.finditer(text)}
            found -= {(span.start_char, span.end_char, span.label_) for span in doc.spans[kind]}
            if found:
                spans = (doc.char_span(start, end, label=label) for start, end, label in sorted(found))
                doc.spans[kind] = _longest([*doc.spans[kind], *filter(None, spans)])
        return doc


def _stands_alone(span: Span) -> bool:
    """Tell whether a span in letters or digits is whole: 4050 is not in 14050, nor the name of anything in 4050元."""
    doc, text = span.doc, span.text
    before = doc[span.start - 1].text if span.start and not doc[span.start - 1].whitespace_ else ""
    after = doc[span.end].text if span.end < len(doc) and not span[-1].whitespace_ else ""
    cut = (text[0].isascii() and _is_latin(before)) or (text[-1].isascii() and _is_latin(after))
    return not cut and not (text.isdecimal() and after and after in _UNITS)


def _is_latin(c: str) -> bool:
    return c.isascii() and c.isalnum()


def _same_place(one: Span, other: Span) -> bool:
    return (one.start, one.end) == (other.start, other.end)


@Language.component(_ASSERTIONS)
def read_assertions(doc: Doc) -> Doc:
    """Read the word in front of every fact.

    A negation turns true into false and the reverse and joins the span (没有残疾 is disabled=false); it drops a fact
    that is not a bool, since "not an enterprise" names no kind of unit. 是不是, 有没有 … ask; they assert nothing.
    """
    asserted = (_assertion(doc, span) for span in doc.spans["fact"])
    doc.spans["fact"] = [span for span in asserted if span is not None]
    return doc


def _asks_a_not_a(before: str, words: str) -> bool:
    """Tell whether the span's own negation is half of a question: 有|没有残疾证, 是|不是大企业, 在|不在辽宁."""
    return words[0] in "没不" and before[-1:] == words[1:2]


def _asked_before(doc: Doc, span: Span) -> int:
    """Where the part of the text begins that a fact stands in, behind a space that ends a question: “能领不 是市级”."""
    borders = [at for at in doc.user_data.get(BORDERS, ()) if at <= span.start and _QUESTION.search(doc[:at].text)]
    return max(borders, default=0)


def _behind_a_space(doc: Doc, span: Span) -> bool:
    """“不不不 户口不在一起”: what stands in front of the space is another part."""
    return doc[span.start].idx in doc.user_data.get(BORDERS, ())


def _assertion(doc: Doc, span: Span) -> Span | None:
    before = doc[_asked_before(doc, span) : span.start].text
    if before.endswith(_DOUBTS) or _asks_a_not_a(before, span.text):
        return None
    given = _FOR_ME.search(before)  # “从没给我交过失业保险”
    spoken = before[: given.start()] if given else before
    negation = next((word for word in _NEGATIONS if spoken.endswith(word)), None)
    if negation is None or (len(negation) == 1 and _behind_a_space(doc, span)):
        return span
    reach = len(negation) + len(before) - len(spoken)
    fact, _, value = span.label_.partition("=")
    if value not in _OPPOSITE:
        return None
    return Span(doc, span.start - reach, span.end, label=f"{fact}={_OPPOSITE[value]}")
