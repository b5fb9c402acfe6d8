"""The blind sentences are well formed. How well they are understood is measured elsewhere."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ASPECTS = frozenset(
    ("what", "who", "amount", "deadline", "duration", "frequency", "materials")
    + ("how", "where", "fund", "decider", "basis", "progress")
)
PLAIN = {"place", "document", "quantity"}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


SENTENCES: list[dict[str, Any]] = load(HERE / "blind_sentences.yml")
CONTRACT: dict[str, Any] = load(ROOT / "tests" / "contract" / "facts.yml")
INTENTS: set[str] = set(load(ROOT / "bot" / "domain" / "language.yml")["intents"])


def bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def wrong(entity: dict[str, Any], text: str) -> str | None:
    """What is the matter with one entity of a sentence, or None."""
    kind, name, words = entity["entity"], entity.get("id"), entity["words"]
    if not words or words not in text:
        return f"{words!r} does not stand in the text"
    if kind in PLAIN:
        return f"{kind} has no id" if set(entity) != {"entity", "words"} else None
    if kind == "fact":
        fact = CONTRACT["facts"].get(name)
        if fact is None:
            return f"no fact {name}"
        allowed = {"bool": [True, False], "choice": fact.get("values")}.get(fact["type"], [None])
        return None if entity.get("value") in allowed else f"{name} cannot be {entity.get('value')!r}"
    known = {"programme": set(CONTRACT["programmes"]), "aspect": ASPECTS}.get(kind)
    return None if known and name in known else f"no {kind} {name}"


def test_there_are_enough_of_every_intent() -> None:
    counts = Counter(s["intent"] for s in SENTENCES)
    assert set(counts) == INTENTS
    assert len(SENTENCES) >= 300 and min(counts.values()) >= 10


def test_no_sentence_stands_twice() -> None:
    assert [t for t, n in Counter(bare(s["text"]) for s in SENTENCES).items() if n > 1] == []


def test_few_have_a_second_intent() -> None:
    double = [s for s in SENTENCES if "also" in s]
    assert len(double) <= len(SENTENCES) * 0.05
    assert all(set(s["also"]) <= INTENTS - {s["intent"]} for s in double)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda s: s["text"])
def test_marks_stand_in_the_text_and_name_what_exists(sentence: dict[str, Any]) -> None:
    assert [w for e in sentence["entities"] if (w := wrong(e, sentence["text"]))] == []
