"""A conversation in the terminal: the same replies as everywhere, drawn with rich."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import Console
from rich.text import Text

from actions.reply import Reply
from bot.inputs import clean
from bot.messages import say

Turn = Callable[[str], Awaitable[list[Reply]]]


async def converse(turn: Turn, console: Console, read: Callable[[str], str] = input) -> None:
    """Read lines and show the replies until the end of input. A number picks one of the offered answers."""
    console.print(say("chat.welcome"), style="dim")
    offered: list[str] = []
    while True:
        try:
            words = clean(read(say("chat.prompt"))).strip()
        except EOFError:
            console.print(say("chat.end"), style="dim")
            return
        if not words:
            continue
        if words.isascii() and words.isdigit() and 1 <= int(words) <= len(offered):
            words = offered[int(words) - 1]
            console.print(say("chat.picked", words=words), style="dim")
        replies = await turn(words)
        for reply in replies:
            show(console, reply)
        offered = choices(replies)
        for number, label in enumerate(offered, 1):
            console.print(f"  〔{number}〕", Text(label), sep="", style="cyan")


def choices(replies: list[Reply]) -> list[str]:
    """The answers that a number may stand for; none where the question itself asks for a number."""
    question: dict[str, Any] = next((r["question"] for r in reversed(replies) if r.get("question")), {})
    if question.get("input") in ("number", "percent", "money"):
        return []
    offered = [*question.get("choices", ())]
    offered += [say("chat.unsure")] if question.get("unsure") else []
    offered += [suggestion for reply in replies for suggestion in reply.get("suggestions", ())]
    return list(dict.fromkeys(offered))


def show(console: Console, reply: Reply) -> None:
    """Print one reply: emphasis in bold, quotes of a decision set apart."""
    card = reply.get("card")
    if not card:
        console.print(emphasised(reply["text"]), soft_wrap=True)
        return
    for line in [card["headline"], *card.get("lines", ()), card.get("next_step") or ""]:
        if line:
            console.print(emphasised(line), soft_wrap=True)
    for quote in card.get("quotes", ()):
        console.print(Text(say("chat.quote", **quote)), style="dim", soft_wrap=True)


def emphasised(text: str) -> Text:
    """The text with what stands between ** and ** in bold; nothing else in it is markup."""
    shown = Text()
    for index, part in enumerate(text.split("**")):
        shown.append(part, style="bold" if index % 2 else "")
    return shown
