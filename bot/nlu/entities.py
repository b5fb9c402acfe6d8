"""The entities of the NLU contract (docs/architecture.md), found by the project's spaCy pipeline.

The classifier is told which kinds were found: in a sentence about a programme it has never met it still sees that a
programme is named. Measured: accuracy .829 → .844 in cross-validation, rejected sentences .18 → .145 at equal errors.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix
from spacy.language import Language

from bot.nlu import spans
from bot.nlu.lexicon import span_patterns
from bot.nlu.ngrams import SHAPE, shape
from bot.nlu.quantities import quantities
from bot.nlu.text import Squeezed

Entity = dict[str, Any]
AS_WRITTEN = ("document",)  # kinds whose value is what the user wrote, not what the pattern stands for
KINDS = ("programme", "aspect", "fact", "place", "document", "quantity")
ASKS = re.compile(r"[吗么呢?不没]$|多少|什么|啥|怎么|咋|哪|几|谁")


@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER],
    is_trainable=True,
)
class PackEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Finds programmes, aspects, facts, places, documents and quantities. Nothing here is learned.

    The patterns are read from the packs when the model is trained; the spaCy pipeline is saved in the model with
    `to_disk`, so a served model needs no pack to read a message.
    """

    @staticmethod
    def supported_languages() -> list[str] | None:
        """Languages this component can work with."""
        return ["zh"]

    @staticmethod
    def required_packages() -> list[str]:
        """Python packages needed."""
        return ["spacy"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Changed patterns make Rasa train this component again."""
        return hashlib.sha256(json.dumps(span_patterns(), sort_keys=True).encode()).hexdigest()

    def __init__(self, model_storage: ModelStorage, resource: Resource, nlp: Language) -> None:
        self._model_storage, self._resource, self._nlp = model_storage, resource, nlp

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PackEntityExtractor:
        """Build the pipeline from the packs as they are now. Raises PackError."""
        return cls(model_storage, resource, spans.build(span_patterns()))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> PackEntityExtractor:
        """Load the pipeline of a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, spacy.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Put the pipeline into the model."""
        with self._model_storage.write_to(self._resource) as folder:
            self._nlp.to_disk(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features, but no entities, to the training sentences."""
        for message in training_data.training_examples:
            if text := message.get(TEXT):
                self._tell_classifier(message, self.find(text))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message, in the order of the text, and the features."""
        for message in messages:
            if text := message.get(TEXT):
                entities = self.find(text)
                self._tell_classifier(message, entities)
                message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(entities), add_to_output=True)
        return messages

    def _tell_classifier(self, message: Message, entities: list[Entity]) -> None:
        found = {entity["entity"] for entity in entities}
        row = [*(kind in found for kind in KINDS), ASKS.search(message.get(TEXT)) is not None]
        columns = [at for at, holds in enumerate(row) if holds]
        features = csr_matrix(([1.0] * len(columns), columns, [0, len(columns)]), shape=(1, len(row)))
        message.add_features(Features(features, FEATURE_TYPE_SENTENCE, TEXT, self.name))
        message.set(SHAPE, shape(message.get(TEXT), entities))

    def find(self, text: str) -> list[Entity]:
        """Return the entities of a normalised text: entity, value, start, end."""
        squeezed = Squeezed(text)
        unread = self._nlp.make_doc(squeezed.text)
        unread.user_data[spans.BORDERS] = squeezed.borders
        doc = self._nlp(unread)
        found = [
            _entity(kind, *squeezed.original(span.start_char, span.end_char), text, span.label_)
            for kind, group in doc.spans.items()
            for span in group
        ]
        found += [_entity("quantity", value.start, value.end, text) for value in quantities(text)]
        return sorted(found, key=lambda e: (e["start"], e["end"], e["entity"], e["value"]))


def _entity(kind: str, start: int, end: int, text: str, value: str = "") -> Entity:
    as_written = kind in AS_WRITTEN or not value
    return {"entity": kind, "start": start, "end": end, "value": text[start:end] if as_written else value}
