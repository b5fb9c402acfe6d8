"""A second look at a message that was taken for mere courtesy, or for nothing at all, though it states something."""

from __future__ import annotations

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
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

COURTESY = ("greet", "thanks", "bye", "stop", "chitchat", "bot_challenge", "nlu_fallback")
CONTENT = ("inform", "correct", "check", "ask")
_STATES = ("fact", "quantity")
_NAMED_IN_VAIN = ("bye", "greet", "nlu_fallback")
"""Of these courtesies, naming a programme is content too; “稳岗返还不问了” is still a wish to stop."""
_ENOUGH_WHEN_UNSURE = 2  # of a sentence the classifier could not place, one number alone says too little


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SecondLook(GraphComponent):
    """Gives a message that states facts or numbers its best intent of content instead of a courtesy.

    “改回28” is short, and short sentences look like goodbyes to a classifier of n-grams; but nobody says goodbye with a
    number. Such a message answers, corrects or asks: which of them, the classifier's own ranking tells.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SecondLook:
        """Nothing is learned and nothing stored."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Change the intent where it was a courtesy and the message states something."""
        for message in messages:
            if message.get(TEXT):
                self._look(message)
        return messages

    @staticmethod
    def _look(message: Message) -> None:
        name = (message.get(INTENT) or {}).get(INTENT_NAME_KEY)
        entities = message.get(ENTITIES, [])
        stated = {(entity["start"], entity["end"]) for entity in entities if entity["entity"] in _STATES}
        named = name in _NAMED_IN_VAIN and any(entity["entity"] == "programme" for entity in entities)
        needed = _ENOUGH_WHEN_UNSURE if name == "nlu_fallback" else 1
        if name not in COURTESY or (len(stated) < needed and not named):
            return
        ranking = message.get(INTENT_RANKING_KEY) or []
        best = next((intent for intent in ranking if intent[INTENT_NAME_KEY] in CONTENT), None)
        if best is not None:
            message.set(INTENT, best, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [best, *(i for i in ranking if i is not best)], add_to_output=True)
