"""A conversation in the terminal: the same replies as everywhere, drawn with rich."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.text import Text

from actions.reply import Reply
from bot.inputs import clean
from bot.messages import say
from bot.offered import offered, picked

Turn = Callable[[str], Awaitable[list[Reply]]]


async def converse(turn: Turn, console: Console, read: Callable[[str], str] = input) -> None:
    """Read lines and show the replies until the end of input. A number picks one of the offered answers."""
    console.print(say("chat.welcome"), style="dim")
    replies: list[Reply] = []
    while True:
        try:
            words = clean(read(say("chat.prompt"))).strip()
        except EOFError:
            console.print(say("chat.end"), style="dim")
            return
        if not words:
            continue
        meant = picked(words, replies)
        if meant != words:
            console.print(say("chat.picked", words=meant), style="dim")
        replies = await turn(meant)
        for reply in replies:
            show(console, reply)
        for number, label in enumerate(offered(replies), 1):
            console.print(f"  〔{number}〕", Text(label), sep="", style="cyan")


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
