"""A message that asks about several programmes in turn: its parts, each a question of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from actions.asked import asked_in
from actions.reply import Reply
from actions.state import State

_PARTS = re.compile(r"[^,，。;；!！?？\n]+[,，。;；!！?？\n]*")


def parts(state: State) -> list[State]:
    """“稳岗返还多少钱？失业补助金到什么时候？” as two states; one, the message whole, unless each part asks something.

    A part begins where another programme is named; what follows without a name belongs to it.
    """
    names = [one for one in state.entities if one.get("entity") == "programme"]
    begins: list[int] = []
    seen: list[object] = []
    for piece in _PARTS.finditer(state.text):
        named = [one["value"] for one in names if piece.start() <= one["start"] < piece.end()]
        if len(set(named)) > 1:
            return [state]  # two at once are compared, not told one after the other
        if named and named[0] not in seen:
            begins.append(piece.start())
            seen.append(named[0])
    if len(begins) < 2:
        return [state]
    cuts = [0, *begins[1:], len(state.text)]
    found = [_cut(state, start, end) for start, end in zip(cuts, cuts[1:], strict=False)]
    return found if all(asked_in(one).aspects for one in found) else [state]


def _cut(state: State, start: int, end: int) -> State:
    entities = tuple(
        {**one, "start": one["start"] - start, "end": one["end"] - start}
        for one in state.entities
        if start <= one["start"] and one["end"] <= end
    )
    return replace(state, text=state.text[start:end], entities=entities)


def together(replies: Iterable[Reply]) -> Reply:
    """Several answers as one readable reply, in their order; answered only if each of them is."""
    every = list(replies)
    first, texts = every[0], [reply["text"] for reply in every]
    outcomes = {reply["outcome"] for reply in every}
    clauses = [clause for reply in every for clause in reply.get("clauses", ())]
    openings = [str(reply.get("opening", reply["text"])) for reply in every]
    whole: Reply = {
        "kind": "clauses" if clauses else "text",
        "text": "\n\n".join(texts),
        "suggestions": first.get("suggestions", []),
        "outcome": outcomes.pop() if len(outcomes) == 1 else "not_stated",
        "programme": first.get("programme"),
        "aspect": first.get("aspect"),
        "cited": list(dict.fromkeys(clause for reply in every for clause in reply.get("cited", ()))),
    }
    return {**whole, "opening": "\n".join(openings), "clauses": clauses} if clauses else whole
