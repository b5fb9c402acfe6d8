"""What may be done to a case, by whom, and what it is then.

    open ── answer ──> answered ── close ──> closed          (open ── close ──> closed)
    open ── forward ──> forwarded ── accept ──> open, another's     answered, closed ── reopen ──> open
                                  └─ return, withdraw ──> open, whose it was

Whoever has a case stays responsible for it until somebody else has accepted it. What nobody has, anybody may take.
"""

from bot.staff.accounts import OFFICER, Member
from bot.store.case_tables import Case

OPEN, ANSWERED, FORWARDED, CLOSED = STATES = ("open", "answered", "forwarded", "closed")
_OWNER, _TARGET, _ANYBODY, _ONLY_OFFICERS = "owner", "target", "anybody", "officer"

ACTIONS: dict[str, dict[str, tuple[str, str]]] = {  # action → state before → (state after, who may)
    "take": {OPEN: (OPEN, _ANYBODY)},
    "answer": {OPEN: (ANSWERED, _OWNER)},
    "forward": {OPEN: (FORWARDED, _OWNER)},
    "accept": {FORWARDED: (OPEN, _TARGET)},
    "return": {FORWARDED: (OPEN, _TARGET)},
    "withdraw": {FORWARDED: (OPEN, _OWNER)},
    "close": {OPEN: (CLOSED, _OWNER), ANSWERED: (CLOSED, _OWNER)},
    "reopen": {ANSWERED: (OPEN, _OWNER), CLOSED: (OPEN, _ONLY_OFFICERS)},
}


def may(member: Member, action: str, case: Case) -> bool:
    """Whether somebody who sees this case may do this to it as it is."""
    _, who = ACTIONS.get(action, {}).get(case.status, ("", ""))
    officer = member.role == OFFICER
    match who:
        case "owner":
            return case.owner == member.id or officer
        case "target":
            return case.forwarded_to == member.id
        case "anybody":
            return case.owner is None
        case "officer":
            return officer
    return False


def after(action: str, case: Case) -> str:
    """The state it is in then."""
    return ACTIONS[action][case.status][0]
