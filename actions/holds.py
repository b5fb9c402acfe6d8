"""Whether a clause can hold the answer to a kind of question: a sum, a time, a number of times, a place."""

from __future__ import annotations

import re

from actions.asked import Asked
from actions.speak import one_line, say, wording
from knowledge import Clause

_HOLDS = {
    "amount": re.compile(r"\d\s*(?:万?元|%|倍)|标准|比例|金额"),
    "deadline": re.compile(r"\d+\s*(?:年|月|日|届)|之日|期满|期限|年度|当年|适时|及时|第一时间"),
    "duration": re.compile(r"\d+\s*(?:年|个月|月|日|天)|期满|期限|年度"),
    "frequency": re.compile(r"次|季|按月|按年|一次性|定期|动态|适时"),
}
_COUNTED = re.compile(r"(?:几|多少)\s*个?(小时|[份人名天级分场期节门页块元岁倍])")
_SAME = {"天": "[天日]", "块": "元"}
_NUMBER = r"[\d零一二两三四五六七八九十百千万半]\s*个?"
SURE = 0.4  # from how much of a question in the nearest clause (Asked.grip) it is given as the answer
_NEVER = ("materials", "where", "progress")  # a notice does not say what to bring, where to go, how far a case is


def lacking(asked: Asked, clause: Clause) -> list[str]:
    """The aspects asked of which a clause says nothing by its very form."""
    quote = one_line(clause.quote)
    kinds = {name: pattern.search(quote) is not None for name, pattern in _HOLDS.items()}
    counted = [unit for unit in _COUNTED.findall(asked.text) if not re.search(_NUMBER + _SAME.get(unit, unit), quote)]
    return [one for one in asked.aspects if one in _NEVER or not kinds.get(one, True)] or ["count"] * bool(counted)


def certainty(asked: Asked) -> tuple[str, str] | None:
    """What to say before the nearest clause where it can hardly be the answer, and the outcome; None where it can.

    It lacks what is asked for, or has too little of the question's words.
    """
    if not asked.hits:
        return None
    missing = lacking(asked, asked.hits[0].clause)
    if missing:
        names = wording("messages")["aspect_names"]
        silent = [say("matter_not_stated", matter=names[one]) for one in missing]
        says = [say("answer_not_stated", says=one, refer_to="") for one in silent]
        return "\n".join([*says, say("answer_closest")]), "not_stated"
    return (say("answer_unsure"), "not_stated") if asked.grip < SURE else None
