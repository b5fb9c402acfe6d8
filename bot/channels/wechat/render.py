"""Replies as WeChat shows them: plain words, the verdict first, numbered choices, no message longer than 2048 bytes.

A passive reply is one message: what does not fit is read on with “继续”. Customer-service messages may be several, and
a question in them a menu whose items are tapped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions.reply import Reply
from bot.messages import say
from bot.offered import offered, question_of
from bot.shapes import plain

LONGEST = 2048  # bytes of a text message; WeChat refuses a longer one (45002)
_MENU_HEAD, _MENU_ITEM, _MENU_ITEMS = 1024, 128, 10  # bytes, bytes, items of a menu message
_SHORT = (150, 60)  # characters: of the first quote of an answer, and of every other one
_QUOTES = 3  # that are shown without being asked for
_BASES = 2  # the same behind a decision, where they only tell what it stands on
_BASIS = 40  # characters
_BORDERS = ("\n\n", "\n", "。！？；!?;", "，、,：: ")  # where a text is cut, the best first


@dataclass(frozen=True)
class Menu:
    """A question as a menu message (msgmenu): what a follower taps comes back as its words."""

    head: str
    items: list[tuple[str, str]]
    tail: str

    @property
    def text(self) -> str:
        """The same as plain text, where menus are not allowed."""
        items = (_choice(number, words) for number, words in self.items)
        return "\n".join([self.head, *items, say("wechat.answer_one")])


def whole(replies: Sequence[Reply]) -> str:
    """Everything that is to be read, however long."""
    return "\n\n".join(block for block in (*map(_block, replies), _offer(replies)) if block)


def passive(replies: Sequence[Reply]) -> str:
    """The one message that a passive reply may be; where there is more, it says how to read on."""
    head, rest = _cut(whole(replies), LONGEST - len(f"\n{say('wechat.more')}".encode()))
    return f"{head}\n{say('wechat.more')}" if rest else head


def remainder(replies: Sequence[Reply]) -> str:
    """What did not fit into ``passive``; empty where all did."""
    text = whole(replies)
    return _cut(text, LONGEST - len(f"\n{say('wechat.more')}".encode()))[1]


def pieces(replies: Sequence[Reply]) -> list[str]:
    """The same as messages of at most 2048 bytes each, cut between sentences; none in the middle of a character."""
    return list(_pieces(whole(replies)))


def messages(replies: Sequence[Reply]) -> list[str | Menu]:
    """What goes by customer service: texts, and the question that is open as a menu, if it is one of choosing."""
    menu = _menu(replies)
    if menu is None:
        return [*pieces(replies)]
    before = "\n\n".join(block for block in map(_block, replies[:-1]) if block)
    return [*_pieces(before), menu]


def quotes(replies: Sequence[Reply]) -> str:
    """The quotes behind these replies in full; empty where there are none."""
    return "\n\n".join(dict.fromkeys(say("wechat.quote", **quote) for quote in _quotes(replies)))


# ── what a reply says ──


def _block(reply: Reply) -> str:
    card, clauses = reply.get("card"), reply.get("clauses")
    if card:
        lines = [card["headline"], *card.get("lines", ()), card.get("next_step") or "", *_bases(card.get("quotes", ()))]
    elif clauses:
        lines = [reply.get("opening") or "", *_clauses(clauses)]
    else:
        lines = [reply["text"]]
    return plain("\n".join(line.strip() for line in lines if line.strip()))


def _bases(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for quote in found[:_BASES]:
        yield say("wechat.basis", quote=_short(_joined(quote["quote"]), _BASIS), source=quote["source"])
    if found:
        yield say("wechat.see_basis")


def _clauses(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    left_out = len(found) > _QUOTES
    for place, clause in enumerate(found[:_QUOTES]):
        start, end = clause.get("highlight") or (0, 0)
        said = _joined(clause["quote"][start:end]) or _joined(clause["quote"])
        shown = _short(said, _SHORT[min(place, 1)])
        left_out = left_out or shown != _joined(clause["quote"])
        yield say("wechat.quote", quote=shown, source=_source(clause))
    if left_out:
        yield say("wechat.see_basis")


def _quotes(replies: Sequence[Reply]) -> Iterator[dict[str, str]]:
    for reply in replies:
        for quote in (reply.get("card") or {}).get("quotes", ()):
            yield {"quote": _joined(quote["quote"]), "source": quote["source"]}
        for clause in reply.get("clauses") or ():
            yield {"quote": _joined(clause["quote"]), "source": _source(clause)}


def _source(clause: Mapping[str, Any]) -> str:
    source = clause.get("source") or f"{clause.get('number') or clause['document']} {clause['item']}"
    return "，".join(part for part in (source, clause.get("standing")) if part)


def _joined(quote: str) -> str:
    """A quote without the line breaks of the printed page."""
    return "".join(quote.split())


def _short(quote: str, most: int) -> str:
    if len(quote) <= most:
        return quote
    border = max(quote.rfind(mark, most // 2, most) for mark in "。；，、")
    return quote[: border if border > 0 else most] + say("wechat.cut")


# ── what may be answered ──


def _offer(replies: Sequence[Reply]) -> str:
    """The numbered answers, and how to give one."""
    question, answers = question_of(replies), offered(replies)
    unsure = [say("wechat.answer_unsure")] if question.get("unsure") else []
    if question.get("input") == "multi":
        choices = list(question.get("choices", ()))
        return "\n".join([*_numbered(choices), say("wechat.answer_several"), *unsure])
    if not answers:
        return "\n".join(unsure)
    if question:
        return "\n".join([*_numbered(answers), say("wechat.answer_one")])
    return "\n".join([say("wechat.go_on"), *_numbered(answers)])


def _menu(replies: Sequence[Reply]) -> Menu | None:
    question = question_of(replies[-1:])
    answers = offered(replies[-1:])
    if question.get("input") not in ("choice", "yes_no") or not 1 <= len(answers) <= _MENU_ITEMS:
        return None
    head = _block(replies[-1])
    if len(head.encode()) > _MENU_HEAD or any(len(words.encode()) > _MENU_ITEM for words in answers):
        return None
    return Menu(head, [(str(number), words) for number, words in enumerate(answers, 1)], say("wechat.answer_menu"))


def _numbered(answers: Sequence[str]) -> list[str]:
    return [_choice(str(number), words) for number, words in enumerate(answers, 1)]


def _choice(number: str, words: str) -> str:
    return say("wechat.choice", number=number, words=words)


# ── cutting ──


def _pieces(text: str) -> Iterator[str]:
    while text:
        piece, text = _cut(text, LONGEST)
        yield piece


def _cut(text: str, most: int) -> tuple[str, str]:
    """Return as much as `most` bytes hold, up to the best border in its second half, and the rest, both stripped."""
    text = text.strip()
    if len(text.encode()) <= most:
        return text, ""
    fits = len(text.encode()[:most].decode("utf-8", "ignore"))
    end = next((place for border in _BORDERS if (place := _border(text, border, fits)) > fits // 2), fits)
    return text[:end].strip(), text[end:].strip()


def _border(text: str, border: str, fits: int) -> int:
    """Where the last of these borders within the first `fits` characters ends; 0: there is none."""
    if border.startswith("\n"):
        return text.rfind(border, 0, fits) + 1
    return max(text.rfind(mark, 0, fits) for mark in border) + 1
