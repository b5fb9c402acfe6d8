"""A screening as lines of text, for the terminal: group by group, what is closed marked first, reasons with quotes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from actions import speak
from bot.messages import say
from knowledge import Knowledge


def lines(screened: dict[str, Any], knowledge: Knowledge) -> Iterator[str]:
    """The lines of a screening in its public JSON shape (`eligibility.screen.screening_to_json`)."""
    whom = say(f"screen.{screened['subject'] or 'both'}")
    yield say("screen.head", day=_day(screened["as_of"]), place=screened["place"], whom=whom)
    group = None
    for row in screened["rows"]:
        if row["group"] != group:
            group = row["group"]
            yield ""
            yield say(f"screen_group.{group}")
        yield from _row(row, knowledge)
    question = screened["next_question"]
    if question is not None:
        yield ""
        yield from _question(question, screened["rows"], knowledge)


def _row(row: dict[str, Any], knowledge: Knowledge) -> Iterator[str]:
    window, amount = row["window"], _amount(row["amount"])
    late = "" if row["in_time"] else say(f"screen_window.{window['state']}", until=_until(window))
    until = say("screen.until", until=_until(window)) if window["state"] == "open" and window["until"] else ""
    yield say("screen.row", late=late, title=row["title"], amount=amount, until=until)
    if late and window["note"]:
        yield say("screen.note", note=window["note"])
    if row["group"] == "on_facts":
        yield say("screen.likely", share=round(100 * row["likelihood"]), facts=_labels(row["missing"], knowledge))
    for key in ("depends_on", "refer_to"):
        if row[key] and row["group"] in ("on_condition", "elsewhere"):
            yield say(f"screen.{key}", what="、".join(row[key]))
    for change, boundary in row["would_change"].items():
        fact, _, bound = change.rpartition("_at_")
        yield say(f"screen_change.{bound}", fact=knowledge.facts[fact].zh, boundary=boundary)
    reason = next((one for one in row["because"] if one["role"] in ("decides", "open")), None)
    if reason is not None:
        yield say("screen.because", **{**reason, "quote": "".join(reason["quote"].split())})


def _question(question: dict[str, Any], rows: list[dict[str, Any]], knowledge: Knowledge) -> Iterator[str]:
    title = next((row["title"] for row in rows if row["programme"] == question["programme"]), None)
    about = say("screen.about", title=title) if title else ""
    yield say("screen.question", about=about, ask=question["ask"])
    if question["choices"]:
        yield say("screen.choices", choices="、".join(question["choices"]))
    yield say("screen.fill_in", facts="、".join(question["facts"]))


def _amount(amount: dict[str, Any] | None) -> str:
    """A cap is always said as one; an amount without a figure is not said."""
    if amount is None:
        return ""
    if "yuan" in amount:
        return say("screen.exactly" if amount["kind"] == "exactly" else "screen.at_most", yuan=_yuan(amount["yuan"]))
    if "high_yuan" in amount:
        return say("screen.between", low=_yuan(amount["low_yuan"]), high=_yuan(amount["high_yuan"]))
    if amount.get("months") is not None:
        return say("screen.months", months=amount["months"])
    return ""


def _yuan(yuan: float) -> str:
    return speak.yuan(round(100 * yuan))


def _labels(facts: list[str], knowledge: Knowledge) -> str:
    return "、".join(knowledge.facts[fact].zh for fact in facts)


def _until(window: dict[str, Any]) -> str:
    return _day(window["until"]) if window["until"] else ""


def _day(iso: str) -> str:
    return speak.day(date.fromisoformat(iso))
