"""The hand-off as a machine: whatever citizen, operators and time do, in whatever order, its promises hold."""

import hashlib
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.api.errors import ApiError
from bot.staff.accounts import Accounts, Member
from bot.staff.cases import Cases
from bot.staff.desk import LEASE, Desk
from bot.staff.packs_kept import PacksKept
from bot.staff.sign_in import Session, SignIn
from bot.store import Conflict, InDatabase, migrate, open_engine, pushed
from bot.store.audit_chain import AuditChain
from bot.store.conversations import HeldTurn
from bot.store.models import now

KEY, CITIZEN = b"k" * 32, "web:" + "c" * 32
PATIENCE = timedelta(minutes=10)
OPERATORS = [Member("a", "a", "operator"), Member("b", "b", "operator")]


@pytest.fixture
def engine(tmp_path):
    migrate(f"sqlite:///{tmp_path}/x.db")
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    yield engine
    engine.dispose()


def test_whatever_happens_the_promises_hold(engine, rules):
    class Machine(RuleBasedStateMachine):
        """The model beside it: where the conversation is, who has it until when, what was said in it."""

        def __init__(self):
            super().__init__()
            from bot.store.erasure import erase

            erase(engine, [CITIZEN])
            self.moment, chain = now(), AuditChain(KEY)
            accounts = Accounts(engine, chain)
            self.sign_in = SignIn(engine, accounts, chain, KEY, lambda: self.moment)
            cases = Cases(engine, rules, PacksKept(engine, rules), chain, accounts)
            self.desk = Desk(engine, cases, chain, PATIENCE, clock=lambda: self.moment)
            self.kept, self.count, self.told = InDatabase(engine), 0, 0
            self.state, self.id, self.owner, self.until = "bot", None, None, None
            self.kept_words: list[str] = []
            token = self.sign_in.begin(OPERATORS[0], "1")
            self.session = Session(OPERATORS[0], "", hashlib.sha256(token.encode()).hexdigest())
            self.sign_in.at_desk(self.session)

        def turn(self, text, replies):
            """One message, as a door holds it."""
            self.count += 1
            for _ in range(3):
                turn = HeldTurn(CITIZEN, text, f"m{self.count}")
                assert self.kept.begin(turn) is None
                turn.replies = (self.desk.heard(turn) if turn.handed else None) or self.desk.asked(turn, replies)
                try:
                    self.kept.keep(turn)
                    return turn.replies
                except Conflict:
                    continue
            raise AssertionError("never kept")

        def pass_time(self):
            """What the model knows of time, and the sweep."""
            self.desk.sweep()
            if self.state == "human" and self.until <= self.moment:
                self.state, self.owner, self.queued = "queued", None, self.moment
            elif self.state == "queued" and self.queued + PATIENCE <= self.moment:
                self.state = "bot"

        @rule()
        def the_citizen_speaks(self):
            (reply,) = self.turn(f"话{self.count}", [{"kind": "text", "text": "机器人"}])
            assert (reply["text"] == "机器人") == (self.state == "bot"), "two voices, or none"
            if self.state != "bot":
                self.kept_words.append(f"话{self.count - 1}")

        @rule()
        def the_citizen_asks_for_a_human(self):
            self.sign_in.at_desk(self.session)
            before = self.state
            (reply,) = self.turn("转人工", [{"kind": "handoff", "text": "12333", "summary": ""}])
            if before != "bot":
                self.kept_words.append("转人工")
                return
            assert reply["state"] == "queued"
            self.state, self.queued = "queued", self.moment
            self.id, self.kept_words = self.desk.queue()[0]["id"], []

        @rule()
        def the_citizen_will_not_wait(self):
            (reply,) = self.turn("不等了", [{"kind": "text", "text": "机器人"}])
            if self.state == "human":
                self.kept_words.append("不等了")
            elif self.state == "queued":
                assert reply["state"] == "bot"
                self.state = "bot"

        @rule(who=st.sampled_from(OPERATORS))
        def an_operator_takes(self, who):
            if self.id is None:
                return
            try:
                self.desk.take(who, self.id)
            except ApiError:
                assert self.state == "bot" or self.state == "human" and self.owner != who
                return
            assert self.state == "queued" or self.owner == who
            if self.state == "queued":
                self.state, self.owner, self.until = "human", who, self.moment + LEASE

        @rule(who=st.sampled_from(OPERATORS), client_id=st.sampled_from(["1", "2", "3"]))
        def an_operator_speaks(self, who, client_id):
            if self.id is None:
                return
            try:
                self.desk.say(who, self.id, client_id, [{"kind": "text", "text": f"坐席{self.id}-{client_id}"}])
            except ApiError:
                assert not (self.state == "human" and self.owner == who)
                return
            assert self.state == "human" and self.owner == who
            self.until = self.moment + LEASE

        @rule(who=st.sampled_from(OPERATORS), case=st.booleans())
        def an_operator_gives_it_back(self, who, case):
            if self.id is None:
                return
            try:
                self.desk.give_back(who, self.id, "记下" if case else None)
            except ApiError:
                assert not (self.state == "human" and self.owner == who)
                return
            assert self.state == "human" and self.owner == who
            self.state = "bot"

        @rule(seconds=st.sampled_from([1, 60, 89, 91, 300, 601]))
        def time_passes(self, seconds):
            self.moment += timedelta(seconds=seconds)
            self.pass_time()

        @invariant()
        def it_is_queued_once_or_not_at_all(self):
            assert len(self.desk.queue()) == (self.state == "queued")
            assert [len(self.desk.taken(who)) for who in OPERATORS] == [
                self.state == "human" and self.owner == who for who in OPERATORS
            ]

        @invariant()
        def nothing_said_is_lost_or_doubled(self):
            if self.id is None or self.state != "human":
                return
            said = [one for one in self.desk.messages(self.owner, self.id) if one.id]
            assert [one.replies[0]["text"] for one in said if one.author == "citizen"] == self.kept_words
            told = [one.replies[0]["text"] for one in pushed.after(engine, CITIZEN)]
            own = [text for text in told if text.startswith("坐席")]
            assert len(own) == len(set(own)), "said twice"

    settle = settings(max_examples=12, stateful_step_count=25, deadline=None, derandomize=True,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
    run_state_machine_as_test(Machine, settings=settle)
    assert AuditChain(KEY).verify(engine).broken is None
