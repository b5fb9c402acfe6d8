"""Everything we change in Rasa, and how it is imported. Import this module before any other of Rasa.

Measured on two cores: the stock form turn spends two thirds of its time checking a constant JSON schema, and the stock
start spends five seconds importing TensorFlow for two base classes nobody instantiates.
`tests/bot/test_rasa_patches.py` compares every patch with the original; another version of Rasa stops here.
"""

import copy
import importlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, MutableMapping
from functools import cache
from graphlib import TopologicalSorter
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")


# ── TensorFlow is imported for the base classes of neural components; a served model of ours has none ──

_NEEDS_KERAS = ("rasa.utils.tensorflow.callback", "rasa.utils.tensorflow.data_generator")


def _import_without_tensorflow() -> None:
    """Import the two Rasa modules that subclass Keras classes, with empty base classes instead.

    They are a progress bar, a checkpoint writer and a batch generator of neural training. Afterwards the stand-ins are
    gone: `rasa train` in this process imports the real TensorFlow. Nothing happens when it is loaded already.
    """
    if "tensorflow" in sys.modules:
        return
    names = ("tensorflow", "tensorflow.keras", "tensorflow.keras.callbacks", "tensorflow.keras.utils")
    tensorflow, keras, callbacks, utils = (ModuleType(name) for name in names)
    tensorflow.keras, keras.callbacks, keras.utils = keras, callbacks, utils  # type: ignore[attr-defined]
    callbacks.Callback, utils.Sequence = object, object  # type: ignore[attr-defined]
    sys.modules.update(zip(names, (tensorflow, keras, callbacks, utils), strict=True))
    try:
        for module in _NEEDS_KERAS:
            importlib.import_module(module)
    finally:
        for name in names:
            del sys.modules[name]


with warnings.catch_warnings():  # Rasa's web server switches every deprecation warning on, for the whole process
    import sanic.app  # noqa: F401
_import_without_tensorflow()

import jsonschema  # noqa: E402
import rasa  # noqa: E402
import structlog  # noqa: E402
from rasa.core import processor  # noqa: E402
from rasa.core.actions import forms  # noqa: E402
from rasa.core.actions.action import ActionSessionStart, RemoteAction  # noqa: E402
from rasa.core.policies import rule_policy  # noqa: E402
from rasa.core.policies.rule_policy import RulePolicy  # noqa: E402
from rasa.engine.exceptions import GraphRunError  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.storage import ModelMetadata  # noqa: E402
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET  # noqa: E402
from rasa.shared.core.events import ActiveLoop, Event, SlotSet  # noqa: E402
from rasa.shared.core.slots import Slot  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402
from rasa.shared.utils.common import all_subclasses  # noqa: E402

assert rasa.__version__ == "3.6.21", f"bot/rasa_patches.py was written for Rasa 3.6.21, not {rasa.__version__}"

stock_validate_action_result: Callable[[RemoteAction, dict[str, Any]], bool] = RemoteAction._validate_action_result
stock_resolve_by_type: Callable[..., type[Event] | None] = Event.resolve_by_type
stock_metadata_from_dict: Callable[[dict[str, Any]], ModelMetadata] = ModelMetadata.from_dict
stock_run_graph: Callable[..., dict[str, Any]] = DaskGraphRunner.run
stock_possible_keys: Callable[[RulePolicy, dict[str, str], list[dict[str, Any]]], set[str]] = (
    RulePolicy._get_possible_keys
)
stock_carried_events: Callable[[DialogueStateTracker], list[SlotSet]] = ActionSessionStart._slot_set_events_from_tracker


def apply() -> None:
    """Put the patches in place and quieten the logs. Doing it again changes nothing."""
    RemoteAction._validate_action_result = validate_action_result
    Event.resolve_by_type = staticmethod(resolve_by_type)
    ModelMetadata.from_dict = staticmethod(metadata_from_dict)
    DaskGraphRunner.run = run_graph
    for module in LOGS_COPIES:
        module.copy = _NO_COPIES  # type: ignore[attr-defined]
    RulePolicy._get_possible_keys = possible_keys
    Slot.__copy__ = copied_slot  # type: ignore[attr-defined]
    ActionSessionStart._slot_set_events_from_tracker = staticmethod(carried_events)
    warnings.filterwarnings("ignore", message="(?s).*Slot auto-fill has been removed in 3.0")  # said about every domain
    configure_logging()


def metadata_from_dict(serialized: dict[str, Any]) -> ModelMetadata:
    """Same as `ModelMetadata.from_dict`, without the graph the model was trained with (its `train_schema` is empty).

    Only continued training looks at that graph; rebuilding it imports every component Rasa has, TensorFlow included.
    """
    return stock_metadata_from_dict({**serialized, "train_schema": {"nodes": {}}})


# ── the reply of an action is checked against a constant schema: compile it once for the types of its events ──

_SCHEMA = RemoteAction.action_response_format_spec()
_TIMES, _METADATA = (int, float, type(None)), (dict, type(None))
_EVENT_TYPES = frozenset(
    one["properties"]["event"]["const"] for one in _SCHEMA["properties"]["events"]["items"]["oneOf"]
)


def validate_action_result(action: RemoteAction, result: dict[str, Any]) -> bool:
    """Same as `RemoteAction._validate_action_result`, without checking Rasa's own schema at every call, and without
    trying each event as each of the thirty types there are.

    Raises jsonschema.ValidationError with the same message.
    """
    if _is_plain(result):
        return True
    return _validator(_event_types(result)).is_valid(result) or stock_validate_action_result(action, result)


_FREE = frozenset(  # types of events of which the schema asks nothing but what it asks of every event
    one["properties"]["event"]["const"]
    for one in _SCHEMA["properties"]["events"]["items"]["oneOf"]
    if one.keys() == {"properties"} and one["properties"].keys() == {"event"}
)


def _is_plain(result: Any) -> bool:
    """Whether it is valid for reasons that need no schema: slots and such, each of which names its type."""
    if type(result) is not dict:
        return False
    events, responses = result.get("events", []), result.get("responses", [])
    return (
        type(events) is list
        and all(map(_is_plain_event, events))
        and type(responses) is list
        and all(type(one) is dict for one in responses)
    )


def _is_plain_event(event: Any) -> bool:
    if type(event) is not dict or type(event.get("event")) is not str:
        return False
    if event["event"] == "slot":
        if type(event.get("name")) is not str or "value" not in event:
            return False
    elif event["event"] not in _FREE:
        return False
    return type(event.get("timestamp")) in _TIMES and type(event.get("metadata")) in _METADATA


@cache
def _validator(types: frozenset[str]) -> Any:
    """The schema with those alternatives for an event that one of these types can meet: each names one type."""
    schema = copy.deepcopy(_SCHEMA)
    events = schema["properties"]["events"]["items"]
    events["oneOf"] = [one for one in events["oneOf"] if one["properties"]["event"]["const"] in types] or [False]
    return jsonschema.validators.validator_for(schema)(schema)


def _event_types(result: Any) -> frozenset[str]:
    """The types of the events, as far as they can be told."""
    events = result.get("events") if isinstance(result, dict) else None
    named = [event.get("event") for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    return _EVENT_TYPES.intersection(name for name in named if isinstance(name, str))


# ── the graph is a dozen steps one after the other; Dask plans them anew, with locks and queues, four times a turn ──


def run_graph(
    runner: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    """Same as `DaskGraphRunner.run`, in an order that is worked out once for each set of targets.

    Raises rasa.engine.exceptions.GraphRunError and what a component raises, as the original does.
    """
    wanted = tuple(targets or runner._graph_schema.target_names)
    plans: dict[tuple[str, ...], list[tuple[str, list[str]]]] = runner.__dict__.setdefault("_plans", {})
    if wanted not in plans:
        nodes = runner._graph_schema.minimal_graph_schema(list(wanted)).nodes
        needs = {name: list(node.needs.values()) for name, node in nodes.items()}
        order = TopologicalSorter(needs).static_order()
        plans[wanted] = [(name, needs[name]) for name in order if name in needs]
    nodes_run = {name for name, _ in plans[wanted]}
    if any(isinstance(value, str) and value in nodes_run for value in (inputs or {}).values()):
        return stock_run_graph(runner, inputs, targets)  # it says what is wrong with that
    results: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
    try:
        for name, needed in plans[wanted]:
            results[name] = runner._instantiated_nodes[name](*(results.get(one, one) for one in needed))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return dict(results[name] for name in wanted)


# ── these modules copy whole conversations for debug messages that nobody keeps (`drop_what_was_said`) ──

LOGS_COPIES = (processor, forms, rule_policy)
_NO_COPIES = SimpleNamespace(deepcopy=lambda value: value)


# ── rebuilding a tracker looks every event's class up by its name: remember the answer ──

_EVENT_CLASSES: dict[str, type[Event]] = {}


def resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """Same as `Event.resolve_by_type`, without walking all classes for every event. Raises ValueError: unknown name."""
    if type_name not in _EVENT_CLASSES:
        _EVENT_CLASSES.update({cls.type_name: cls for cls in reversed(all_subclasses(Event))})
    return _EVENT_CLASSES.get(type_name) or stock_resolve_by_type(type_name, default)


# ── every prediction compares every rule with the conversation: take each rule apart once ──


class _Step(NamedTuple):
    """What a rule asks of the state it meets: `(part, key, value)`, None: that there is none."""

    follows_action: bool
    asks: list[tuple[str, str, Any]]


def possible_keys(policy: RulePolicy, lookup: dict[str, str], states: list[dict[str, Any]]) -> set[str]:
    """Same as `RulePolicy._get_possible_keys`."""
    possible = {key: _steps(key) for key in lookup}
    for turn, state in enumerate(reversed(states)):
        possible = {
            key: steps for key, steps in possible.items() if turn >= len(steps) or _fits(steps[turn], state)
        }  # a rule that ends here was met
    return set(possible)


@cache
def _steps(rule: str) -> list[_Step]:
    """The steps of a rule, the last one first."""
    return [_Step(bool(state.get(PREVIOUS_ACTION)), list(_asks(state))) for state in reversed(json.loads(rule))]


def _asks(state: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    for part, asked in state.items():
        for key, value in asked.items():
            if value:  # JSON knows no tuples
                wanted = tuple(value) if isinstance(value, list) else value
                yield part, key, None if wanted == SHOULD_NOT_BE_SET else wanted


def _fits(step: _Step, state: dict[str, dict[str, Any]]) -> bool:
    follows_action = bool(state.get(PREVIOUS_ACTION))
    if not (step.follows_action and follows_action):
        return step.follows_action is follows_action  # both are where a conversation begins
    for part, key, wanted in step.asks:
        met = state.get(part, {}).get(key)
        if met != wanted if wanted is not None else met and met != SHOULD_NOT_BE_SET:
            return False
    return True


# ── a turn makes ten trackers, each with its own copy of every slot ──


def copied_slot(slot: Slot) -> Slot:
    """Same as `copy.copy`, without asking the object how it wants to be pickled."""
    copied = object.__new__(type(slot))
    copied.__dict__.update(slot.__dict__)
    return copied


# ── a new session goes on where the old one ended ──


def carried_events(tracker: DialogueStateTracker) -> list[Event]:
    """What a new session begins with: the last value of every slot (Rasa repeats every value a slot ever had) and the
    interview that is running (Rasa drops it; the user would have to start it again)."""
    last = {event.key: event for event in stock_carried_events(tracker)}
    running = [ActiveLoop(tracker.active_loop_name)] if tracker.active_loop_name else []
    return [*last.values(), *running]


# ── logs name what happened, never what was said ──

_HARMLESS_KEYS = ("event", "level", "action_name", "action_extract_slot", "len_extraction_events")


def drop_what_was_said(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: keep only the keys that cannot hold words of a user."""
    return {key: value for key, value in entry.items() if key in _HARMLESS_KEYS}


def configure_logging(level: int = logging.WARNING) -> None:
    """Let Rasa log from `level` on, through the ordinary logging, without message texts.

    Unconfigured, its structlog prints every message with its full text.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            drop_what_was_said,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    for name in ("rasa", "rasa_sdk", "apscheduler"):
        logging.getLogger(name).setLevel(level)
