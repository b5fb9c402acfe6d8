"""A corpus from outside to measure the search with: documents, questions, and which documents answer which question."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.inputs import InputError, brief
from knowledge.index import Document

V = TypeVar("V")

_FIELDS = ("id", "title", "text")


@dataclass(frozen=True)
class JudgedCorpus:
    """`documents` by place, `ids` their ids; `questions`: id → text; `relevant`: question id → ids of documents.

    Only questions that some document answers are kept; `unjudged` counts the others.
    """

    ids: list[str]
    documents: list[Document]
    questions: dict[str, str]
    relevant: dict[str, set[str]]
    unjudged: int


def read_judged(corpus: str, queries: str, qrels: str) -> JudgedCorpus:
    """Read the three files.

    corpus: JSON lines {id, title, text}, also gzipped; queries: `id TAB text`; qrels: `question id TAB document id`.
    All UTF-8, without a head. Raises InputError: one sentence naming the file and the line.
    """
    documents = _unique(corpus, _documents(corpus))
    questions = _unique(queries, ((line, *row) for line, row in _table(queries)))
    relevant: dict[str, set[str]] = {}
    for line, (question, document) in _table(qrels):
        if question not in questions:
            raise InputError("evaluate.unknown_question", path=qrels, line=line, id=brief(question), other=queries)
        if document not in documents:
            raise InputError("evaluate.unknown_document", path=qrels, line=line, id=brief(document), other=corpus)
        relevant.setdefault(question, set()).add(document)
    judged = {id: text for id, text in questions.items() if id in relevant}
    return JudgedCorpus(list(documents), list(documents.values()), judged, relevant, len(questions) - len(judged))


def _documents(path: str) -> Iterator[tuple[int, str, Document]]:
    for line, text in _lines(path):
        try:
            entry = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError("evaluate.not_json", path=path, line=line) from None
        if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in _FIELDS):
            raise InputError("evaluate.fields", path=path, line=line)
        yield line, entry["id"], Document("", f"{entry['title']}\n{entry['text']}")


def _table(path: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield line number and the two cells of each row."""
    for line, text in _lines(path):
        cells = [cell.strip() for cell in text.split("\t")]
        if len(cells) != 2 or not all(cells):
            raise InputError("evaluate.columns", path=path, line=line)
        yield line, (cells[0], cells[1])


def _unique(path: str, entries: Iterable[tuple[int, str, V]]) -> dict[str, V]:
    found: dict[str, V] = {}
    for line, id, value in entries:
        if id in found:
            raise InputError("evaluate.twice", path=path, line=line, id=brief(id))
        found[id] = value
    return found


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield line number (from 1) and text of every line that is not blank; there is at least one."""
    empty = True
    try:
        with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
                if text.strip():
                    empty = False
                    yield number, text
    except FileNotFoundError:
        raise InputError("cli.no_file", path=path) from None
    except UnicodeDecodeError:
        raise InputError("cli.not_utf8", path=path) from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError("evaluate.not_gzip", path=path) from None
    except OSError:
        raise InputError("cli.unreadable", path=path) from None
    if empty:
        raise InputError("evaluate.empty", path=path)
