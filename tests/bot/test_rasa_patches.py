"""Every patch gives what Rasa's own code gives, except where it says that it differs."""

import bot.rasa_patches as patches  # isort: skip  - first: it decides how Rasa is imported

import ast
import copy
import inspect
import io
import json
import logging
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import structlog
import yaml
from rasa.core.actions.action import ActionSessionStart, RemoteAction
from rasa.core.channels.channel import UserMessage
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core import events as rasa_events
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

ROOT = Path(__file__).parents[2]
ACTION = RemoteAction("any", None)
SLOT = {"event": "slot", "name": "place", "value": "本溪"}


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"events": [], "responses": []},
        {
            "events": [SLOT, {"event": "active_loop", "name": None}],
            "responses": [{"text": "好", "custom": {"kind": "text"}}],
        },
        {"events": [{"event": "slot", "value": 1}]},
        {"events": [{"event": "no such event"}]},
        {"events": [SLOT, 3]},
        {"events": [{"event": ["slot"]}]},
        {"events": [SLOT, {"event": "entities", "entities": [{"start": "0"}]}]},
        {"events": [{**SLOT, "timestamp": "now"}]},
        {"events": [{**SLOT, "timestamp": True}]},
        {"events": [{**SLOT, "timestamp": 1.5, "metadata": {}}, {"event": "followup"}, {"event": "bot"}]},
        {"events": [{**SLOT, "metadata": []}]},
        {"events": [{**SLOT, "name": None}]},
        {"events": [{"event": "slot", "name": "place"}]},
        {"events": [{"event": "followup", "timestamp": "now"}]},
        {"events": [{"event": "action", "name": 3}]},
        {"events": [SLOT], "responses": [SLOT, 3]},
        {"events": None},
        {"events": {}},
        {"responses": ["words"]},
        {"events": [], "responses": None},
        [],
        None,
    ],
)
def test_validation_of_action_results(result: Any) -> None:
    def outcome(validate: Any) -> Any:
        try:
            return validate(ACTION, json.loads(json.dumps(result)))
        except jsonschema.ValidationError as error:
            return (error.message, list(error.absolute_path), list(error.absolute_schema_path), error.validator)

    assert outcome(patches.validate_action_result) == outcome(patches.stock_validate_action_result)


@pytest.mark.parametrize("text", ["我们28个人", "失业补助金一个月多少钱"])
def test_the_graph_runs_to_the_same_end(stub_assistant: Any, text: str) -> None:
    processor = stub_assistant.agent.processor
    tracker = DialogueStateTracker.from_events(
        "graph", [ActionExecuted("action_listen"), UserUttered("你好", {"name": "greet"})], processor.domain.slots
    )

    def outcome(run: Any) -> Any:
        inputs = {"__message__": [UserMessage(text)], "__tracker__": tracker}
        found = run(processor.graph_runner, inputs, ["run_RegexMessageHandler", "select_prediction"])
        (read,), predicted = found.pop("run_RegexMessageHandler"), found.pop("select_prediction")
        assert not found
        events = [{**event.as_dict(), "timestamp": None} for event in predicted.events]
        return read.as_dict(only_output_properties=True), predicted.probabilities, predicted.policy_name, events

    def plain(found: Any) -> str:
        return json.dumps(found, default=str, sort_keys=True, ensure_ascii=False)

    assert text in plain(outcome(patches.run_graph)) == plain(outcome(patches.stock_run_graph))


@pytest.mark.parametrize("inputs", [{}, {"__message__": "run_RegexMessageHandler"}])
def test_a_graph_that_cannot_run_says_the_same(stub_assistant: Any, inputs: dict[str, Any]) -> None:
    runner = stub_assistant.agent.processor.graph_runner

    def outcome(run: Any) -> str:
        with pytest.raises(GraphRunError) as caught:
            run(runner, inputs, ["run_RegexMessageHandler"])
        return str(caught.value)

    assert outcome(patches.run_graph) == outcome(patches.stock_run_graph)


@pytest.mark.parametrize("module", patches.LOGS_COPIES, ids=lambda module: module.__name__)
def test_copies_are_made_for_debug_messages_only(module: Any) -> None:
    """Whatever else these modules copied would be shared instead."""
    tree = ast.parse(inspect.getsource(module))

    def copies(node: ast.AST) -> int:
        return sum(isinstance(one, ast.Name) and one.id == "copy" for one in ast.walk(node))

    messages = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "structlogger.debug"
    ]
    assert copies(tree) == sum(map(copies, messages)) > 0


def test_event_classes_by_name() -> None:
    names = {cls.type_name for cls in all_subclasses(Event)}
    assert len(names) > 20
    for name in [*names, "topic"]:
        assert patches.resolve_by_type(name) is patches.stock_resolve_by_type(name)
    assert patches.resolve_by_type("unknown", SlotSet) is patches.stock_resolve_by_type("unknown", SlotSet) is SlotSet
    with pytest.raises(ValueError, match="unknown"):
        patches.resolve_by_type("unknown")


def test_event_classes_that_appear_later_are_found() -> None:
    later = type("Later", (rasa_events.SlotSet,), {"type_name": "later"})
    assert patches.resolve_by_type("later") is later


def test_metadata_but_for_the_training_graph(model_path: Path) -> None:
    with tarfile.open(model_path) as archive:
        raw = archive.extractfile("metadata.json")
        assert raw is not None
        serialized = json.load(io.TextIOWrapper(raw, "utf-8"))
    # each gets its own copy: reading it replaces the names of components by their classes
    stock = patches.stock_metadata_from_dict(copy.deepcopy(serialized))
    patched = patches.metadata_from_dict(copy.deepcopy(serialized))
    assert stock.train_schema.nodes
    assert not patched.train_schema.nodes
    for part in (
        "model_id",
        "assistant_id",
        "predict_schema",
        "core_target",
        "nlu_target",
        "language",
        "training_type",
    ):
        assert getattr(stock, part) == getattr(patched, part), part
    assert stock.domain.as_dict() == patched.domain.as_dict()


# ── sessions ──


@pytest.fixture
def domain() -> Domain:
    return Domain.load(str(ROOT / "bot" / "domain"))


def tracker(domain: Domain, *events: Event) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("sender", list(events), domain.slots, domain=domain)


async def test_a_new_session_begins_with_the_same_slots(domain: Domain) -> None:
    old = tracker(
        domain,
        SlotSet("place", "沈阳"),
        ActiveLoop("interview_form"),
        SlotSet("profile", {"a": 1}),
        SlotSet("place", "本溪"),
        SlotSet("requested_slot", "answer"),
        SlotSet("told", "x"),
        SlotSet("told", None),
    )
    stock = tracker(domain, *patches.stock_carried_events(old))
    patched = tracker(domain, *patches.carried_events(old))
    assert stock.current_slot_values() == patched.current_slot_values() == old.current_slot_values()
    assert patched.active_loop_name == "interview_form"  # the difference: the interview goes on
    assert len(patches.carried_events(old)) < len(patches.stock_carried_events(old))
    assert ActiveLoop(None) not in patches.carried_events(tracker(domain, SlotSet("place", "沈阳")))


# ── the whole ──


def test_apply_puts_every_patch_in_place() -> None:
    patches.apply()
    patches.apply()
    assert RemoteAction._validate_action_result is patches.validate_action_result
    assert Event.resolve_by_type is patches.resolve_by_type
    assert ModelMetadata.from_dict is patches.metadata_from_dict
    assert DaskGraphRunner.run is patches.run_graph
    assert ActionSessionStart._slot_set_events_from_tracker is patches.carried_events


def test_the_pipeline_needs_no_tensorflow(model_path: Path) -> None:
    """Loading the assistant imports neither TensorFlow nor skops; afterwards the real TensorFlow can be imported."""
    script = """
import asyncio, importlib.util, sys
from bot.assistant import Assistant
asyncio.run(Assistant.load(sys.argv[1]))
assert not {"tensorflow", "skops", "jax"} & set(sys.modules), set(sys.modules) & {"tensorflow", "skops", "jax"}
assert "tensorflow" in importlib.util.find_spec("tensorflow").origin
"""
    run = subprocess.run([sys.executable, "-c", script, str(model_path)], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    assert run.stdout + run.stderr == ""  # and nothing is said on the terminal


def test_no_neural_component_is_configured() -> None:
    config = yaml.safe_load((ROOT / "bot" / "config.yml").read_text(encoding="utf-8"))
    named = {part["name"] for part in config["pipeline"] + config["policies"]}
    assert not named & {"DIETClassifier", "ResponseSelector", "TEDPolicy", "UnexpecTEDIntentPolicy"}


def test_logs_do_not_say_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    patches.configure_logging()
    structlog.get_logger("rasa.x").warning("message.parsing.failed", user_text="我叫张三", action_name="action_answer")
    structlog.get_logger("rasa.x").debug("processor.message.parse", parse_data_text="我叫张三")
    assert "message.parsing.failed" in caplog.text
    assert "action_answer" in caplog.text
    assert "张三" not in caplog.text
    assert logging.getLogger("rasa").level == logging.WARNING


def test_a_copied_slot_is_what_copy_gives(stub_assistant: Any) -> None:
    slots = copy.deepcopy(stub_assistant.agent.domain.slots)
    assert len({type(slot) for slot in slots}) > 1
    for slot in slots:
        slot.value = [1]
        theirs = object.__reduce_ex__(slot, 4)  # what copy.copy asks for where there is no __copy__
        ours = copy.copy(slot)
        assert type(ours) is type(slot) is theirs[1][0] and ours is not slot
        assert ours.__dict__ == theirs[2] and ours.__dict__ is not slot.__dict__
        ours.value = 2
        assert slot.value == [1]


def test_the_same_rules_are_possible(stub_assistant: Any) -> None:
    """Of every rule of the model, in states made of the rules' own parts, half of which would fit at random."""
    policy = next(
        node._component
        for name, node in stub_assistant.agent.processor.graph_runner._instantiated_nodes.items()
        if "RulePolicy" in name
    )
    draw, met = random.Random(1), 0
    for kind in ("rules", "rules_for_loop_unhappy_path"):
        lookup = policy.lookup[kind]
        rules = [json.loads(key) for key in lookup]
        steps = [step for rule in rules for step in rule]
        for _ in range(300):
            states = [dict(step) for step in draw.choice(rules)]
            if draw.random() < 0.5:
                states[draw.randrange(len(states))] = dict(draw.choice(steps))
            states[:0] = [dict(draw.choice(steps)) for _ in range(draw.randrange(3))]
            for state in states:
                for part in list(state):
                    if draw.random() < 0.1:
                        state[part] = {
                            key: draw.choice([None, "should_not_be_set", ("a",), value])
                            for key, value in state[part].items()
                        }
                    elif draw.random() < 0.1:
                        del state[part]
            found = patches.possible_keys(policy, lookup, states)
            assert found == patches.stock_possible_keys(policy, lookup, states)
            met += bool(found)
    assert met > 200
