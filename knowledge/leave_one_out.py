"""How well the search finds a clause from words it was not given: every lay question searched without itself.

Clauses share their rounds: in round *n* the index lacks the *n*-th question of every clause, and just those are asked.
So the indexes to build are as many as the longest list of questions, not as many as there are questions, and what is
asked meets neighbours that are as poor as its own clause.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from knowledge.pack import Knowledge
from knowledge.search import Searcher

DEPTH = 10  # hits looked at


@dataclass(frozen=True)
class LeftOut:
    """A lay question of a clause, and where the search finds that clause without it: from 1; None: not among DEPTH."""

    clause: str
    question: str
    rank: int | None


def left_out(knowledge: Knowledge) -> Iterator[LeftOut]:
    """Yield every lay question with its rank; some seconds, as an index is built for each round."""
    for number in range(max((len(clause.questions) for clause in knowledge.clauses.values()), default=0)):
        searcher = Searcher(_without(knowledge, number))
        for clause in knowledge.clauses.values():
            if clause.kind != "heading" and number < len(clause.questions):
                question = clause.questions[number]
                found = [hit.clause.id for hit in searcher.search(question, limit=DEPTH)]
                yield LeftOut(clause.id, question, found.index(clause.id) + 1 if clause.id in found else None)


def recall(results: Collection[LeftOut], at: int) -> float:
    """The share (0–1) of questions whose clause is among the first `at` hits; 0 of none."""
    return sum(one.rank is not None and one.rank <= at for one in results) / len(results) if results else 0.0


def _without(knowledge: Knowledge, number: int) -> Knowledge:
    clauses = {
        name: replace(clause, questions=clause.questions[:number] + clause.questions[number + 1 :])
        for name, clause in knowledge.clauses.items()
    }
    return replace(knowledge, clauses=clauses)
