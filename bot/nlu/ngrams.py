"""The characters of a message, as written and with what is named put away, as features for the classifier.

“我能领失业补助金吗” and “我能领以工代训吗” are the same act: with the programme, the numbers and the places put away
they are the same text. What that is worth: docs/evaluation.md, pipelines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import CountVectorizer

SHAPE = "shape"
"""Where PackEntityExtractor leaves the text with what is named put away."""
_PUT_AWAY = {"programme": "\ue000", "quantity": "\ue001", "place": "\ue002", "document": "\ue003"}  # private use
_IDLE = re.compile(r"[\s,.!?。、~…]+")  # marks that people type or leave out
_BOUNDS = "\ue010{}\ue011"  # how a message begins and ends tells much of what it is
_VOCABULARIES = "vocabularies.json"


def shape(text: str, entities: Iterable[Mapping[str, Any]]) -> str:
    """Return a text with one sign in the place of each programme, quantity, place and document number.

    Where two overlap the earlier and longer one counts. Facts stay: their words tell a statement from a question.
    """
    parts, at = [], 0
    for one in sorted(entities, key=lambda e: (e["start"], -e["end"])):
        if one["entity"] in _PUT_AWAY and one["start"] >= at:
            parts += [text[at : one["start"]], _PUT_AWAY[one["entity"]]]
            at = one["end"]
    return "".join([*parts, text[at:]])


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(GraphComponent):
    """Counts n-grams of the whole message; Rasa's CountVectorsFeaturizer stops at the borders of words, and cannot put
    anything away. `text`, `shape`: the longest n-gram of each, 0 for none; `rare`: below so many messages, left out.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See the class."""
        return {"text": 2, "shape": 3, "rare": 2}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NgramFeaturizer:
        """Make an untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource, {})

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NgramFeaturizer:
        """Make the featurizer of a trained model."""
        with model_storage.read_from(resource) as folder:
            vocabularies = json.loads((folder / _VOCABULARIES).read_text(encoding="utf-8"))
        return cls(config, execution_context.node_name, model_storage, resource, vocabularies)

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        vocabularies: Mapping[str, Mapping[str, int]],
    ) -> None:
        self._name, self._model_storage, self._resource = name, model_storage, resource
        self._rare = config["rare"]
        self._longest = {kind: config[kind] for kind in (TEXT, SHAPE) if config[kind]}
        self._counters = {kind: self._counter(kind, vocabulary) for kind, vocabulary in vocabularies.items()}

    def _counter(self, kind: str, vocabulary: Mapping[str, int] | None = None) -> CountVectorizer:
        return CountVectorizer(
            analyzer="char",
            ngram_range=(1, self._longest[kind]),
            lowercase=False,
            min_df=self._rare if vocabulary is None else 1,
            vocabulary=vocabulary,
            dtype=float,
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which n-grams there are, and put them into the model."""
        for kind in self._longest:
            texts = [_bare(one, kind) for one in training_data.training_examples if one.get(TEXT)]
            self._counters[kind] = self._counter(kind).fit(texts)
        learned = {
            kind: {gram: int(at) for gram, at in one.vocabulary_.items()} for kind, one in self._counters.items()
        }
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _VOCABULARIES).write_text(json.dumps(learned), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the training sentences."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the features to each message."""
        for message in messages:
            if message.get(TEXT):
                for kind, counter in self._counters.items():
                    counts = counter.transform([_bare(message, kind)])
                    message.add_features(Features(counts, FEATURE_TYPE_SENTENCE, TEXT, f"{self._name}.{kind}"))
        return messages


def _bare(message: Message, kind: str) -> str:
    return _BOUNDS.format(_IDLE.sub("", message.get(kind) or message.get(TEXT)))
