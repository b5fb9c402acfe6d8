"""Live numbers: what was asked today, what had no answer, how long people waited for a human."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bot.settings import CHINA
from bot.staff.review import digest
from bot.store.handoff_tables import Handoff, LayQuestion
from bot.store.models import Audit, Turn, aware

UNANSWERED = ("not_stated", "out_of_scope", "clarify")
_NO_QUESTION = "smalltalk"  # thanks, asking for a human, whatever is said to one
_FIRST = (Turn.replies[(0, "programme")].as_string(), Turn.replies[(0, "outcome")].as_string())
_MOST_TURNS, _MOST_QUESTIONS = 20_000, 200
_SHORTEST = 4  # characters; a shorter one asks nothing
_WAITS = (60, 180, 600)  # seconds; what took longer is counted as more


def here(moment: datetime) -> date:
    """The day in Benxi."""
    return moment.astimezone(CHINA).date()


def today(engine: Engine, day: date, titles: Mapping[str, str]) -> dict[str, Any]:
    """What was asked on a day in Benxi: {day, questions, unanswered, by_programme, outcomes, verdicts, handoffs}.

    Small talk is no question. `by_programme`: [{programme, title, asked, unanswered}], the most asked first; times of
    `handoffs` in seconds, its `waits`: up to so many seconds, how many.
    """
    begin = datetime.combine(day, time(), CHINA).astimezone(timezone.utc)  # SQLite compares what is written
    end = begin + timedelta(days=1)
    kept = (Turn.created_at >= begin, Turn.created_at < end, Turn.pushed.is_(False))
    wanted = sa.select(*_FIRST, sa.func.count()).where(*kept).group_by(*_FIRST)
    waits = sa.select(Handoff.__table__).where(Handoff.asked_at >= begin, Handoff.asked_at < end)
    verdict = Audit.detail["verdict"].as_string()
    told = sa.select(verdict, sa.func.count()).where(Audit.created_at >= begin, Audit.created_at < end)
    with engine.connect() as connection:
        turns, handoffs = connection.execute(wanted).all(), connection.execute(waits).all()
        verdicts = connection.execute(told.where(Audit.event == "decided").group_by(verdict)).all()
    asked, missed, outcomes = Counter[str](), Counter[str](), Counter[str]()
    for programme, outcome, count in turns:
        if outcome == _NO_QUESTION:
            continue
        outcomes[outcome or "none"] += count
        asked[programme or ""] += count
        missed[programme or ""] += count if outcome in UNANSWERED else 0
    rows = [
        {"programme": name or None, "title": titles.get(name, ""), "asked": count, "unanswered": missed[name]}
        for name, count in asked.most_common()
    ]
    return {"day": day.isoformat(), "questions": sum(asked.values()), "unanswered": sum(missed.values()),
            "by_programme": rows, "outcomes": dict(outcomes), "verdicts": dict(verdicts),
            "handoffs": _handoffs(handoffs)}  # fmt: skip


def unanswered(engine: Engine, since: datetime) -> list[dict[str, Any]]:
    """Return the questions without an answer since then, the most frequent first.

    {question, count, last, outcome, programme}. They are the masked words of kept turns, and go with them;
    those an officer has dealt with are left out.
    """
    programme, outcome = _FIRST
    wanted = (
        sa.select(Turn.text, Turn.created_at, programme.label("programme"), outcome.label("outcome"))
        .where(Turn.created_at >= since, outcome.in_(UNANSWERED))
        .order_by(Turn.id.desc())
        .limit(_MOST_TURNS)
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
        done = set(connection.execute(sa.select(LayQuestion.question)).scalars())
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key, text = digest(row.text), row.text.strip()
        if key in done or len(text) < _SHORTEST:
            continue
        at = aware(row.created_at).isoformat(timespec="seconds")
        known = found.setdefault(key, {"question": text, "count": 0, "last": at, "outcome": row.outcome,
                                       "programme": row.programme})  # fmt: skip
        known["count"] += 1
    return sorted(found.values(), key=lambda one: -one["count"])[:_MOST_QUESTIONS]


def _handoffs(rows: list[Any]) -> dict[str, Any]:
    waited = [(aware(row.taken_at) - aware(row.asked_at)).total_seconds() for row in rows if row.taken_at]
    talked = [
        (aware(row.ended_at) - aware(row.taken_at)).total_seconds() for row in rows if row.taken_at and row.ended_at
    ]
    return {
        "asked": len(rows),
        "states": dict(Counter(row.state for row in rows)),
        "waits": dict(Counter(next((str(most) for most in _WAITS if one <= most), "more") for one in waited)),
        "waited_median": round(median(waited)) if waited else None,
        "waited_longest": round(max(waited)) if waited else None,
        "talked_median": round(median(talked)) if talked else None,
    }
