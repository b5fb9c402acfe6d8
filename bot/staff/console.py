"""The console as a whole: what its parts share, and all its routes."""

from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy.engine import Engine

from actions.room import Room
from bot.settings import Settings
from bot.staff.access import Access
from bot.staff.accounts import Accounts
from bot.staff.answer_routes import answer_routes
from bot.staff.audit_checks import AuditChecks
from bot.staff.case_routes import case_routes
from bot.staff.cases import Cases
from bot.staff.desk import Desk
from bot.staff.desk_routes import desk_routes
from bot.staff.home_routes import home_routes
from bot.staff.layout import Layout
from bot.staff.number_routes import number_routes
from bot.staff.openid import OpenId
from bot.staff.openid_routes import OIDC, openid_routes
from bot.staff.packs_kept import PacksKept
from bot.staff.quick_search import over
from bot.staff.review import Review
from bot.staff.sign_in import SignIn
from bot.staff.sign_in_routes import account_routes, audit_routes, sign_in_routes
from bot.staff.text_routes import text_routes
from bot.store.audit_chain import AuditChain
from bot.store.turns import Turns


class Console:
    """Made once for an application. It is there from the first account on; none of it is in the public document."""

    def __init__(self, engine: Engine, settings: Settings, room: Room) -> None:
        self._engine, self._settings, self._room = engine, settings, room
        key = settings.key()
        self.chain = AuditChain(key)
        self.checks = AuditChecks(engine, self.chain)
        self.accounts = Accounts(engine, self.chain)
        self.sign_in = SignIn(engine, self.accounts, self.chain, key)
        self.access = Access(self.accounts, self.sign_in)
        self.cases = Cases(engine, room.rules, PacksKept(engine, room.rules), self.chain, self.accounts)
        self.review = Review(engine, room.knowledge, self.chain, settings.review_file)
        patience = timedelta(minutes=settings.handoff_wait)
        self.desk = Desk(engine, self.cases, self.chain, patience, self.access.offered)

    @property
    def hands_over(self) -> bool:
        """Whether conversations may be handed to this desk: not in memory, and not when an outside desk gets them."""
        return self._settings.tracker_store == "sql" and not self._settings.handoff_url

    async def promised(self) -> bool:
        """Whether citizens are told that a human can be asked for: at this desk only once somebody has an account."""
        return bool(self._settings.handoff_url) or self.hands_over and await self.access.offering()

    def install(self, app: FastAPI, turns: Turns) -> None:
        """Add the routes."""
        layout, access, settings, engine = Layout(self.checks.broken), self.access, self._settings, self._engine
        provider = OpenId(settings, settings.key()) if settings.oidc_issuer else None
        for router in (
            *home_routes(layout, access),
            sign_in_routes(layout, access, self.sign_in, self.accounts, OIDC if provider else ""),
            *([openid_routes(layout, access, self.sign_in, self.accounts, provider)] if provider else []),
            account_routes(layout, access, self.accounts),
            audit_routes(layout, access, self.accounts, self.checks, engine),
            *case_routes(layout, access, self.cases, self.accounts, self._room.rules, settings, engine, self.chain),
            *text_routes(layout, access, engine),
            *number_routes(layout, access, engine, self.review, self._room.rules, settings),
            answer_routes(access, self._room, lambda: over(self._room.rules), settings),
            desk_routes(access, self.desk, self.sign_in, self._room, settings, lambda: turns.stopping),
        ):
            app.include_router(router)
