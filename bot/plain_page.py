"""The conversation as a page that needs no JavaScript: turns as they are kept, made ready for ``pages/plain.html``."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from actions.reply import Reply
from bot.inputs import LONGEST_MESSAGE
from bot.messages import say
from bot.offered import question_of
from eligibility import Rulebook
from knowledge.text import day

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_HOTLINE = re.compile(r"\b(12333|12345)\b")
_UNITS = {"percent": "%", "money": "元"}


class PlainPage:
    """Fills the template for one set of rules."""

    def __init__(self, rules: Rulebook) -> None:
        self._clauses = rules.knowledge.clauses
        notices = list(rules.knowledge.notices.values())
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("pages")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._templates.filters |= {"day": day, "lines": _lines, "dialled": _HOTLINE.split, "one_line": _one_line}
        self._templates.globals |= {"style": "", "notices": notices, "limit": LONGEST_MESSAGE, "say": say}

    def filled(self, turns: Sequence[Mapping[str, Any]], **state: Any) -> str:
        """The page with these turns, the oldest first, and the ways to answer the last."""
        last: Sequence[Reply] = next((turn["replies"] for turn in reversed(turns) if turn["replies"]), ())
        shown = [{**turn, "replies": [self._shown(reply) for reply in turn["replies"]]} for turn in turns]
        return self._templates.get_template("plain.html").render(turns=shown, ways=ways(last), **state)

    def _shown(self, reply: Reply) -> dict[str, Any]:
        """A reply with what the template would else have to work out. Every text stays text."""
        card = reply.get("card") or {}
        quotes = [
            self._quote(one, one.get("source") or f"{one.get('number', '')} {one.get('item', '')}")
            for one in (*card.get("quotes", ()), *(reply.get("clauses") or ()))
            if one.get("quote")
        ]
        profile = [one for one in reply.get("profile") or () if isinstance(one.get("value"), str)]
        text = reply.get("opening") or reply.get("text") or "" if quotes or profile else reply.get("text") or ""
        return {
            "text": text,
            "card": {"headline": None, "lines": (), "next_step": None, **card},
            "verdict": (reply.get("decision") or {}).get("verdict"),
            "quotes": quotes,
            "profile": profile,
        }

    def _quote(self, one: Mapping[str, Any], source: str) -> dict[str, Any]:
        """A quote in three parts, the middle one marked, and the address of the place where it stands."""
        quote, clause = str(one["quote"]), str(one.get("clause"))
        start, end = one.get("highlight") or (0, 0)
        some = 0 <= start < end and end - start < len(quote.strip())  # marking every word would mark none
        parts = (quote[:start], quote[start:end], quote[end:]) if some else (quote, "", "")
        path = f"/clauses/{clause}" if clause in self._clauses else None
        standing = f"，{one['standing']}" if one.get("standing") else ""
        mark = (start, end) if some else None
        return {"parts": parts, "source": f"{source}{standing}", "path": path, "highlight": mark}


def ways(replies: Sequence[Reply]) -> dict[str, Any]:
    """How the last replies may be answered without writing: one control, and words to be sent as they are."""
    question = question_of(replies)
    several = question.get("input") == "multi"
    choices = list(question.get("choices") or ())
    unsure = [say("offered.unsure")] if question.get("unsure") else []
    offered = [*(() if several else choices), *unsure]
    offered += [words for reply in replies for words in reply.get("suggestions") or ()]
    taken = choices if several else ()
    unit = question.get("unit") or _UNITS.get(question.get("input", ""), "")
    return {
        "input": question.get("input"),
        "choices": choices,
        "none": question.get("none_of_these") or say("plain.none"),
        "unit": unit,
        "offered": [words for words in dict.fromkeys(offered) if words not in taken],
    }


def told_day(replies: Sequence[Reply]) -> date | None:
    """The day that the conversation is held as of, as the replies tell it."""
    days = (reply.get("as_of") or (reply.get("decision") or {}).get("as_of") for reply in replies)
    told = [one for one in days if one]
    return date.fromisoformat(told[-1]) if told else None


def _lines(text: str) -> list[list[tuple[str, bool]]]:
    """Lines of parts; of each whether it is emphasised."""
    lines = [line for line in str(text).split("\n") if line.strip()]
    return [[(part, place % 2 == 1) for place, part in enumerate(_BOLD.split(line)) if part] for line in lines]


def _one_line(text: str) -> str:
    """A quote without the line breaks of the printed page."""
    return re.sub(r"\s*\n\s*", "", text)
