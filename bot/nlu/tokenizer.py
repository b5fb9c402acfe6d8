"""Chinese words: jieba, with the words of the packs added to its dictionary."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import jieba
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.lexicon import dictionary_words
from bot.nlu.text import Squeezed, normalise_message

jieba.setLogLevel(logging.WARNING)
WORDS_FILE = "words.txt"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class ProjectTokenizer(Tokenizer):
    """Normalises the message and cuts it into words.

    The message's text is *replaced* by its normal form (`bot.nlu.text.normalise_message`), so every later component and
    every entity offset speaks of that form. The dictionary is read from the packs when the model is trained and travels
    inside the model; Rasa's own JiebaTokenizer shares one process-wide dictionary and does not notice when it changes.
    """

    @staticmethod
    def supported_languages() -> list[str] | None:
        """Languages this component can work with."""
        return ["zh"]

    @staticmethod
    def required_packages() -> list[str]:
        """Python packages needed."""
        return ["jieba"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The options every Rasa tokenizer has; ours adds none."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """A changed dictionary makes Rasa train this component, and what follows it, again."""
        return hashlib.sha256("\n".join(dictionary_words()).encode()).hexdigest()

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, words: list[str] | None = None
    ) -> None:
        super().__init__(config)
        self._model_storage, self._resource = model_storage, resource
        self._words = dictionary_words() if words is None else words
        self._jieba = jieba.Tokenizer()
        for word in self._words:
            self._jieba.add_word(word)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ProjectTokenizer:
        """Make an untrained tokenizer with the words of the packs as they are now. Raises PackError."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ProjectTokenizer:
        """Make the tokenizer of a trained model, with the words it was trained with."""
        with model_storage.read_from(resource) as folder:
            words = (folder / WORDS_FILE).read_text(encoding="utf-8").split("\n")
        return cls(config, model_storage, resource, words)

    def train(self, training_data: TrainingData) -> Resource:
        """Put the dictionary into the model."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / WORDS_FILE).write_text("\n".join(self._words), encoding="utf-8")
        return self._resource

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the words of the message; its text becomes the normal form."""
        text = message.get(attribute)
        if attribute == TEXT:
            text = normalise_message(text)
            message.set(TEXT, text)
        squeezed = Squeezed(text)
        tokens = []
        for word, start, end in self._jieba.tokenize(squeezed.text):
            if not word.isspace():
                first, last = squeezed.original(start, end)
                tokens.append(Token(word, first, last))
        return self._apply_token_pattern(tokens)
