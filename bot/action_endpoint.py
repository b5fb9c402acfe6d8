"""The action server inside this process: what `rasa run actions` does over HTTP, without the HTTP.

Rasa meets an ordinary endpoint whose `request` runs the action with rasa-sdk's own executor. An action that raises or
takes too long answers with an apology; Rasa itself would log it and reply with nothing.
"""

import asyncio
import json as json_module
import logging
import threading
import traceback
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from rasa.core.actions.action import ActionExecutionRejection
from rasa.core.actions.constants import SELECTIVE_DOMAIN
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection as SdkRejection

from bot.metrics import stage

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).parent.parent
Json = dict[str, Any]
DEADLINE = 2.0
_FORM_VALIDATION = "validate_interview_form"
_ASK_AGAIN: list[Json] = [  # without these the form would take its silence for "nothing left to ask" and decide
    {"event": "slot", "name": "answer", "value": None},
    {"event": "slot", "name": "requested_slot", "value": "answer"},
]


class ActionEndpoint(EndpointConfig):
    """Runs the custom actions of `package` on a thread of their own, one at a time.

    `apology` is the reply (docs/architecture.md) given for an action that fails; `deadline` is in seconds.
    `domain` is what actions receive as the domain; set it once the model is loaded.
    Raises whatever importing the package raises.
    """

    def __init__(self, package: str, apology: Mapping[str, Any], deadline: float = DEADLINE) -> None:
        super().__init__(url=f"in-process:{package}", **{SELECTIVE_DOMAIN: True})  # Rasa need not copy the domain
        self.domain: Json = {}
        self._apology, self.deadline = dict(apology), deadline
        self._executor = _PackageExecutor(package)
        self._worker: _Worker | None = None  # made by the first request: threads do not survive a fork

    async def request(self, method: str = "post", json: Json | None = None, **_: Any) -> Json:  # type: ignore[override]
        """Run the action named in `json` (Rasa's action call) and return its events and responses.

        Raises ActionExecutionRejection when the action itself rejects its turn.
        """
        call = json or {}
        worker = self._worker = self._worker or _Worker()
        try:
            with stage("actions"):
                answer = await worker.run(self._executor.run(self._isolated(call)), self.deadline)
            return _as_json(answer)
        except SdkRejection as rejection:
            raise ActionExecutionRejection(rejection.action_name, rejection.message) from rejection
        except Exception as error:  # whatever went wrong, the user gets an answer
            if isinstance(error, asyncio.TimeoutError):
                worker.abandon()
                self._worker = None
            return self._apologise(call, error)

    def rest(self) -> None:
        """End the thread; the next request makes another."""
        if self._worker:
            self._worker.end()
            self._worker = None

    def _isolated(self, call: Json) -> Any:
        """Give the action its own copy of the slots, as HTTP would: writing into one must not rewrite the tracker."""
        tracker = call["tracker"]
        return {**call, "tracker": {**tracker, "slots": _as_json(tracker["slots"])}, "domain": self.domain}

    def _apologise(self, call: Json, error: Exception) -> Json:
        name = call.get("next_action")
        said = (call.get("tracker") or {}).get("latest_message") or {}
        logger.error("action %s failed: %s", name, describe(error, said.get("text") or ""))
        response = {"text": self._apology["text"], "custom": self._apology}
        return {"events": list(_ASK_AGAIN) if name == _FORM_VALIDATION else [], "responses": [response]}


def describe(error: BaseException, said: str) -> str:
    """Return what the log may know of an error: its first cause, where it arose, and the way there through our code.

    A message that repeats words of the user (`said`) is left out.
    """
    cause = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    frames = traceback.extract_tb(cause.__traceback__)[::-1]
    ours = [f for f in frames[1:] if f.filename.startswith(str(_ROOT)) and "site-packages" not in f.filename]
    places = " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in (*frames[:1], *ours))
    message = str(cause)
    repeats = any(said[i : i + 2] in message for i in range(len(said) - 1)) or (len(said) == 1 and said in message)
    return f"{type(cause).__name__}: {'(the message repeats what the user said)' if repeats else message} at {places}"


def _as_json(value: Any) -> Any:
    """Return a copy as JSON carries it. Raises TypeError, here instead of when the tracker is saved."""
    return json_module.loads(json_module.dumps(value, ensure_ascii=False))


class _PackageExecutor(ActionExecutor):
    """rasa-sdk's executor with the actions of one package; its own takes every Action class loaded anywhere."""

    def __init__(self, package: str) -> None:
        super().__init__()
        self._package = package
        self._import_submodules(package)  # not register_package: that ends the process on an ImportError
        self._register_all_actions()

    def register_action(self, action: Any) -> None:
        """Register an Action class if it is ours."""
        if f"{action.__module__}.".startswith(f"{self._package}."):
            super().register_action(action)


class _Worker:
    """A thread with an event loop. A synchronous action that never returns blocks it, not the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="actions", daemon=True)
        self._thread.start()

    async def run(self, action: Coroutine[Any, Any, Any], deadline: float) -> Any:
        """Return what the coroutine returns. Raises asyncio.TimeoutError after `deadline` seconds."""
        return await asyncio.wait_for(
            asyncio.wrap_future(asyncio.run_coroutine_threadsafe(action, self._loop)), deadline
        )

    def abandon(self) -> None:
        """Stop when (if) the action that runs does."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def end(self) -> None:
        """Stop now; no action is running."""
        self.abandon()
        self._thread.join()
        self._loop.close()
