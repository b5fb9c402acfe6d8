"""A second look at a message that states something, but was taken for mere courtesy, for nothing, or for a question."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.entities import ASKS
from bot.nlu.lexicon import read_lexicon
from bot.nlu.text import normalise_message

COURTESY = ("greet", "thanks", "bye", "stop", "chitchat", "bot_challenge", "nlu_fallback")
CONTENT = ("inform", "correct", "check", "ask")
_STATES = ("fact", "quantity")
_NAMED_IN_VAIN = ("bye", "greet", "nlu_fallback")
"""Of these courtesies, naming a programme is content too; “稳岗返还不问了” is still a wish to stop."""
_ENOUGH_WHEN_UNSURE = 2  # of a sentence the classifier could not place, one number alone says too little
_CORRECT, _RESUME = "correct", "resume"
_ASK, _CHECK = "ask", "check"
_WHAT_ELSE, _ONE, _SURE = "what_else", (_ASK, _CHECK), 0.75
_GENERAL = (_ASK, "nlu_fallback")
_HARDLY = 0.5  # of the weight of a question in general
_AT_ONCE = 8  # characters within which a correction says that it is one
_WORDS = "words.json"
_BORDER = re.compile(r"[,，。;；!！\s]+")
_OR_NOT = re.compile(r"(\w)不\1")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SecondLook(GraphComponent):
    """Gives a message that states facts or numbers the intent of what it does with them.

    “改回28” is short, and short sentences look like goodbyes to a classifier of n-grams; but nobody says goodbye with a
    number. Such a message answers, corrects or asks: which of them, the classifier's own ranking tells. One that begins
    with “不对” and asks nothing corrects, whatever it speaks of (the words: ``slips`` in the lexicon); so does one that
    was taken for nothing and has the words of taking something back (``put_right``: 撤销). One that states facts of the
    speaker (``of_themselves``) and might as well ask for them does so. One that names a programme and says that it goes
    back to it (``come_back``) does.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SecondLook:
        """Take the words from the packs as they are now. Raises PackError."""
        lexicon = read_lexicon()
        put_right = lexicon.get("put_right", {})
        words = {"marks": lexicon.get("slips", {}).get("marks", ()), "takes_back": []}
        words["of_themselves"] = lexicon.get("of_themselves", ())
        words["today"] = lexicon.get("today", ())
        words["comes_back"] = lexicon.get("come_back", ())
        words["takes_back"] = [*put_right.get("undo", ()), *put_right.get("remove", ())]
        return cls(model_storage, resource, words)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SecondLook:
        """Take them from a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, json.loads((folder / _WORDS).read_text(encoding="utf-8")))

    def __init__(self, model_storage: ModelStorage, resource: Resource, words: Mapping[str, Iterable[str]]) -> None:
        self._model_storage, self._resource = model_storage, resource
        self._words = {kind: [*map(normalise_message, listed)] for kind, listed in words.items()}

    def train(self, training_data: TrainingData) -> Resource:
        """Put the words into the model; nothing is learned."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _WORDS).write_text(json.dumps(self._words), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Change the intent where the message states something and was taken for something else."""
        for message in messages:
            if message.get(TEXT):
                self._look(message)
        return messages

    def _look(self, message: Message) -> None:
        name = (message.get(INTENT) or {}).get(INTENT_NAME_KEY)
        entities = message.get(ENTITIES, [])
        text = message.get(TEXT)
        spans = ((entity["start"], entity["end"]) for entity in entities if entity["entity"] in _STATES)
        stated = {span for span in spans if name not in COURTESY or text[slice(*span)] not in self._words["today"]}
        if (stated and self._corrects(text)) or (name in COURTESY and self._takes_back(text)):
            self._give(message, {INTENT_NAME_KEY: _CORRECT, PREDICTED_CONFIDENCE_KEY: 1.0})
            return
        if self._comes_back(text) and any(entity["entity"] == "programme" for entity in entities):
            self._give(message, {INTENT_NAME_KEY: _RESUME, PREDICTED_CONFIDENCE_KEY: 1.0})
            return
        if name in _GENERAL and self._asks_for_themselves(message, text):
            self._give(message, next(one for one in message.get(INTENT_RANKING_KEY) if one[INTENT_NAME_KEY] == _CHECK))
            return
        if name == _WHAT_ELSE and self._asks_for_one(message):
            self._give(message, next(one for one in message.get(INTENT_RANKING_KEY) if one[INTENT_NAME_KEY] in _ONE))
            return
        named = name in _NAMED_IN_VAIN and any(entity["entity"] == "programme" for entity in entities)
        needed = _ENOUGH_WHEN_UNSURE if name == "nlu_fallback" else 1
        if name not in COURTESY or (len(stated) < needed and not named):
            return
        ranking = message.get(INTENT_RANKING_KEY) or []
        best = next((intent for intent in ranking if intent[INTENT_NAME_KEY] in CONTENT), None)
        if best is not None:
            self._give(message, best)

    def _corrects(self, text: str) -> bool:
        head, *more = _BORDER.split(text, maxsplit=1)
        marks = tuple(self._words["marks"])
        at_once = any(mark in text[:_AT_ONCE] for mark in marks) or (bool(more) and head.endswith(marks))
        return at_once and not self._asks(text)

    @staticmethod
    def _asks(text: str) -> bool:
        return bool(ASKS.search(text) or _OR_NOT.search(text))  # 算不算 takes nothing back, 对不对 corrects nothing

    def _comes_back(self, text: str) -> bool:
        return any(word in text for word in self._words["comes_back"]) and not ASKS.search(text)

    def _takes_back(self, text: str) -> bool:
        return any(word in text for word in self._words["takes_back"]) and not self._asks(text)

    def _asks_for_themselves(self, message: Message, text: str) -> bool:
        """“我是专科毕业的，社保补贴到期了，能延吗”, hardly told from a question in general: it states facts of “我”."""
        weights = {one[INTENT_NAME_KEY]: one[PREDICTED_CONFIDENCE_KEY] for one in message.get(INTENT_RANKING_KEY) or []}
        kinds = {entity["entity"] for entity in message.get(ENTITIES, [])}
        hardly = weights.get(_CHECK, 0) >= _HARDLY * weights.get(_ASK, 1)
        of_themselves = any(word in text for word in self._words["of_themselves"])
        return hardly and of_themselves and {"fact", "programme"} <= kinds and "aspect" not in kinds

    @staticmethod
    def _asks_for_one(message: Message) -> bool:
        """“零就业家庭被移除了，剩下的人还管不管”: a programme or what is asked of it is named."""
        kinds = {entity["entity"] for entity in message.get(ENTITIES, [])}
        return message.get(INTENT)[PREDICTED_CONFIDENCE_KEY] < _SURE and bool({"programme", "aspect"} & kinds)

    @staticmethod
    def _give(message: Message, intent: dict[str, Any]) -> None:
        ranking = message.get(INTENT_RANKING_KEY) or []
        others = [one for one in ranking if one[INTENT_NAME_KEY] != intent[INTENT_NAME_KEY]]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent, *others], add_to_output=True)
