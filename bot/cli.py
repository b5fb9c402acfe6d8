"""The command line: ``wengang``. Rasa is imported only by the commands that converse."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.exceptions import TyperException

from bot.inputs import InputError, brief, clean, read_date, read_json
from bot.messages import has, say
from bot.settings import Settings, SettingsError, load
from bot.staff.command import staff
from bot.wechat_commands import app as wechat

if TYPE_CHECKING:
    from bot.assistant import Assistant
    from eligibility import Rulebook

app = typer.Typer(
    name="wengang",
    help=say("cli.help"),
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(wechat, name="wechat")
app.add_typer(staff, name="staff")

_INTERRUPTED = 130  # what Typer makes of Ctrl-C

AsOf = typer.Option(None, "--as-of", metavar="DATE", help=say("option.as_of"))
Place = typer.Option(None, "--place", metavar="PLACE", help=say("option.place"))
AsJson = typer.Option(False, "--json", help=say("option.json"))
Declined = typer.Option(None, "--declined", metavar="FACT,…", help=say("option.declined"))
CaseFiles = typer.Argument(metavar="FILE…", help=say("option.cases"))
Question = typer.Argument(None, metavar="QUESTION", help=say("option.question"))
Questions = typer.Option(None, "--file", metavar="FILE", help=say("option.file"))


def main() -> None:
    """Run one command. Whatever is wrong with its input is one sentence on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal that lacks a character loses only that one
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        code = app(arguments, prog_name="wengang", standalone_mode=False)
    except TyperException as error:
        return _fail(_usage(error))
    except BrokenPipeError:  # the reader of a pipe has had enough
        sys.stderr.close()
        return 0
    except Exception as error:
        return _fail(_sentence(error)) if isinstance(error, _known_errors()) else _broken()
    if code == _INTERRUPTED:
        print(say("serve.stopped"), file=sys.stderr)
    return code if isinstance(code, int) else 0


# ── commands ──


@app.command(help=say("command.serve"))
def serve(workers: str = typer.Option(None, "--workers", metavar="N", help=say("option.workers"))) -> None:
    """Train if need be, migrate, load, serve: in this process, or in several forked from it."""
    from bot.start import start

    start(load(**({} if workers is None else {"workers": workers})), _model, lambda: asyncio.run(_assistant()))


@app.command(help=say("command.chat"))
def chat(as_of: str = AsOf, place: str = Place) -> None:
    """Converse in the terminal until the end of input."""
    settings = _circumstances(as_of, place)
    _model()
    asyncio.run(_chat(settings))


@app.command(help=say("command.ask"))
def ask(
    question: str = Question, file: str = Questions, as_of: str = AsOf, place: str = Place, as_json: bool = AsJson
) -> None:
    """One fresh conversation of one turn for each question."""
    questions, settings = list(_questions(question, file)), _circumstances(as_of, place)
    _model()
    asyncio.run(_ask(questions, settings, as_json))


@app.command(help=say("command.search"))
def search(question: str = Question, file: str = Questions, as_of: str = AsOf, as_json: bool = AsJson) -> None:
    """Find the clauses for each question."""
    questions = list(_questions(question, file))
    day = read_date(as_of, "--as-of") if as_of else None
    from bot.shapes import found
    from knowledge import load as load_packs
    from knowledge.search import Searcher

    searcher = Searcher(load_packs())
    for one in questions:
        result = found(one, searcher.search(one, as_of=day))
        if as_json:
            _print_json(result)
            continue
        print(say("cli.question", question=one) if file else "", end="\n" if file else "")
        for hit in result["hits"]:
            print(say("cli.hit", **hit))
        if not result["hits"]:
            print(say("cli.no_hit"))


@app.command(help=say("command.decide"))
def decide(
    programme: str = typer.Argument(metavar="PROGRAMME", help=say("option.programme")),
    facts: str = typer.Option(..., "--facts", metavar="FILE|-", help=say("option.facts")),
    as_of: str = AsOf,
    place: str = Place,
    declined: str = Declined,
    question: str = typer.Option(None, "--question", metavar="NAME", help=say("option.asked")),
    about: str = typer.Option(None, "--about", metavar="CLAUSE", help=say("option.about")),
    as_json: bool = AsJson,
) -> None:
    """Decide one programme by rule."""
    settings = _circumstances(as_of, place)
    rules = _rules()
    rules.programme(programme)  # a mistyped programme is told before the facts are read
    from bot.shapes import decided

    decision = decided(
        rules,
        programme,
        _facts(facts),
        as_of=settings.today(),
        place=settings.place,
        declined=_names(declined),
        question=question,
        about=about,
    )
    if as_json:
        _print_json(decision)
    else:
        print("\n".join(_decision_lines(decision)))


@app.command(help=say("command.screen"))
def screen(
    facts: str = typer.Option(..., "--facts", metavar="FILE|-", help=say("option.facts")),
    as_of: str = AsOf,
    place: str = Place,
    declined: str = Declined,
    as_json: bool = AsJson,
) -> None:
    """Every programme for one person or unit."""
    settings = _circumstances(as_of, place)
    given, unsure = _facts(facts), _names(declined)
    from bot.screening_text import lines
    from bot.shapes import screened
    from eligibility.screen import Screener

    screener = Screener(_rules())
    found = screened(screener, given, as_of=settings.today(), place=settings.place, declined=unsure)
    if as_json:
        _print_json(found)
    else:
        print("\n".join(lines(found, screener.knowledge)))


@app.command(help=say("command.cases"))
def cases(files: list[Path] = CaseFiles) -> int:
    """Run the cases; exit code 1 when one fails."""
    from eligibility.cases import run as run_cases

    passed = failed = 0
    for result in run_cases(_rules(), files):
        passed, failed = passed + result.passed, failed + (not result.passed)
        told = "" if result.passed else say("cli.differences", differences="; ".join(result.messages))
        print(f"{'PASS' if result.passed else 'FAIL'} {result.id} {result.title}{told}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


@app.command(help=say("command.train"))
def train(if_stale: bool = typer.Option(False, "--if-stale", help=say("option.if_stale"))) -> None:
    """Train the model of the present data."""
    print(say("cli.trained", path=_model(force=not if_stale)))


@app.command(help=say("command.check"))
def check(
    mutate: bool = typer.Option(False, "--mutate", help=say("option.mutate")),
    programme: str = typer.Option(None, "--programme", metavar="PROGRAMME", help=say("option.mutate_programme")),
) -> int:
    """Hold the packs against the notices; exit code 1 when something has to be mended, 2 when a file is unreadable."""
    from bot.checks import run_checks

    return run_checks(mutate, programme)


@app.command(help=say("command.render"))
def render(
    programme: str = typer.Argument(None, metavar="PROGRAMME", help=say("option.programme")),
    every: bool = typer.Option(False, "--all", help=say("option.every")),
    form: str = typer.Option("text", "--format", metavar="FORMAT", help=say("option.format")),
    as_of: str = AsOf,
    place: str = Place,
) -> None:
    """A programme's rule in plain Chinese, or as a diagram."""
    if every == (programme is not None):
        raise InputError("cli.one_or_all")
    settings = _circumstances(as_of, place)
    from bot.rule_pages import rendered

    print(rendered(_rules(), programme, form, settings.today(), settings.place), end="")


@app.command(help=say("command.evaluate"))
def evaluate(
    corpus: str = typer.Option(None, "--corpus", metavar="FILE", help=say("option.corpus")),
    queries: str = typer.Option(None, "--queries", metavar="FILE", help=say("option.queries")),
    qrels: str = typer.Option(None, "--qrels", metavar="FILE", help=say("option.qrels")),
    folds: int = typer.Option(5, "--folds", metavar="N", help=say("option.folds")),
    name: str = typer.Option(None, "--name", metavar="NAME", help=say("option.name")),
    only: list[str] = typer.Option([], "--only", metavar="PART", help=say("option.only")),  # noqa: B008
) -> None:
    """Measure the understanding, the search and the answers; or the search on a corpus from outside."""
    from bot.evaluation import run as evaluation

    if corpus or queries or qrels:
        evaluation.outside(corpus, queries, qrels, folds, name)
    else:
        asyncio.run(evaluation.house(only, load()))


@app.command(help=say("command.erase"))
def erase(
    user: str = typer.Option(None, "--user", metavar="ID", help=say("option.user")),
    door: str = typer.Option(None, "--door", metavar="DOOR", help=say("option.door")),
    expired: bool = typer.Option(False, "--expired", help=say("option.expired")),
) -> int:
    """Delete a person, or what has run out, from every table and file; exit code 1 when there was nothing of theirs."""
    if expired == (user is not None):
        raise InputError("cli.user_or_expired")
    from bot.store import migrate as migrate_store
    from bot.store import open_engine
    from bot.store.erasure import erase as erase_sender
    from bot.store.erasure import expire, scrub

    settings = load()
    senders = [] if expired else [_sender(user, door, settings)]
    migrate_store(settings.database_url)
    engine = open_engine(settings.database_url)
    if expired:
        days = (settings.retention_days, settings.audit_days, settings.case_days)
        print(say("cli.expired", rows=expire(engine, *days, settings.key())))
        return 0
    rows = erase_sender(engine, senders)
    scrub(engine)
    print(say("cli.erased" if rows else "cli.nothing_erased", rows=rows))
    return 0 if rows else 1


@app.command(help=say("command.outbox"))
def outbox(
    retry: str = typer.Option(None, "--retry", metavar="ID|all", help=say("option.retry")),
    drop: str = typer.Option(None, "--drop", metavar="ID", help=say("option.drop")),
) -> None:
    """List what is not sent; try a parked push again, or drop one."""
    if retry is not None and drop is not None:
        raise InputError("outbox.one")
    again = None if retry in (None, "all") else _push_number("--retry", retry)
    dropped = None if drop is None else _push_number("--drop", drop)
    from bot.outbox_list import lines
    from bot.store import migrate as migrate_store
    from bot.store import open_engine
    from bot.store.outbox import Outbox

    settings = load()
    migrate_store(settings.database_url)
    kept = Outbox(open_engine(settings.database_url))
    if retry is not None:
        count = kept.retry(again)
        if again is not None and not count:
            raise InputError("outbox.not_parked", id=again)
        print(say("outbox.retried" if count else "outbox.none_parked", count=count))
    elif dropped is not None:
        if not kept.drop(dropped):
            raise InputError("outbox.not_there", id=dropped)
        print(say("outbox.dropped", id=dropped))
    else:
        print("\n".join(lines(kept.unsent())))


@app.command(help=say("command.migrate"))
def migrate() -> None:
    """Bring the database up to date."""
    from bot.store import migrate as migrate_store

    migrate_store(load().database_url)
    print(say("cli.migrated"))


# ── what the commands share ──


def _rules() -> Rulebook:
    from eligibility import Rulebook
    from knowledge import load as load_packs

    return Rulebook(load_packs())


def _model(force: bool = False) -> Path:
    from bot.train import ensure_model

    return ensure_model(force=force)


async def _assistant(conversations: Any = None) -> Assistant:
    from bot.assistant import Assistant

    return await Assistant.load(conversations=conversations)


def _push_number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise InputError("outbox.number", name=name, value=brief(value))
    return int(value)


def _sender(user: str, door: str | None, settings: Settings) -> str:
    """What the records of a user stand under."""
    from bot.api.identity import Identity

    identity = Identity(settings.key())
    if re.fullmatch(r"[a-z]+:[0-9a-f]{32}", user):
        return user
    if door:
        return identity.sender(door, user)
    if not identity.verified(user):
        raise InputError("cli.whose_user", value=brief(user))
    return identity.sender("web", user)


def _circumstances(as_of: str | None, place: str | None) -> Settings:
    """The settings, with the day and the place of this command."""
    given: dict[str, Any] = {"as_of": read_date(as_of, "--as-of")} if as_of else {}
    if place is not None:
        from eligibility.place import places_containing
        from knowledge import load as load_packs

        places_containing(load_packs(), place)
        given["place"] = place
    return load(**given)


def _questions(question: str | None, file: str | None) -> Iterator[str]:
    """The one question, or those of a file: one a line, or the first column of a table with the head ``question``."""
    if (question is None) == (file is None):
        raise InputError("cli.question_or_file")
    if file is None:
        if not (words := _argument(question or "")):
            raise InputError("cli.empty_question")
        yield words
        return
    lines = [line for line in _text(file).split("\n") if line.strip()]
    if lines and lines[0].split("\t")[0].strip() == "question":
        lines = [line.split("\t")[0] for line in lines[1:]]
    if not lines:
        raise InputError("cli.empty_file", path=file)
    yield from (clean(line).strip() for line in lines)


def _argument(text: str) -> str:
    """A word of the command line; bytes that are no UTF-8 arrive as half characters."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("input.not_utf8") from None
    return clean(text).strip()


def _facts(file: str) -> Any:
    """Facts from a JSON or YAML file, or from stdin."""
    from knowledge import PackError
    from knowledge.yaml_source import load_yaml

    if file != "-" and not file.endswith(".json"):
        return load_yaml(Path(file)).data
    raw = _bytes(file)
    try:
        return read_json(raw)
    except InputError:
        if file != "-":
            raise InputError("cli.not_json", path=file) from None
    with tempfile.NamedTemporaryFile(suffix=".yml") as copy:
        copy.write(raw)
        copy.flush()
        try:
            return load_yaml(Path(copy.name)).data
        except PackError as error:
            raise InputError("cli.stdin", line=error.line or 1, what=error.what, mend=error.mend) from None


def _names(listed: str | None) -> list[str]:
    """The names in a list with commas."""
    return [name.strip() for name in (listed or "").split(",") if name.strip()]


def _text(file: str) -> str:
    try:
        return _bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("cli.not_utf8", path=file) from None


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except FileNotFoundError:
        raise InputError("cli.no_file", path=file) from None
    except OSError:
        raise InputError("cli.unreadable", path=file) from None


async def _chat(settings: Settings) -> None:
    from rich.console import Console

    from bot.terminal import converse

    assistant = await _assistant()

    async def turn(words: str) -> list[dict[str, Any]]:
        return await assistant.reply("terminal", words, as_of=settings.today(), place=settings.place)

    await converse(turn, Console(highlight=False))


async def _ask(questions: list[str], settings: Settings, as_json: bool) -> None:
    from bot.shapes import answered

    assistant = await _assistant()
    for number, question in enumerate(questions):
        replies = await assistant.reply(f"ask-{number}", question, as_of=settings.today(), place=settings.place)
        answer = answered(question, replies)
        if as_json:
            _print_json(answer)
        else:
            print(answer["reply"] if len(questions) == 1 else say("cli.answer", **answer), flush=True)


def _decision_lines(decision: dict[str, Any]) -> Iterator[str]:
    """The fields of a decision that say something, as they are: to put them into words is the assistant's work."""
    for key, value in decision.items():
        if key == "because":
            for reason in value:
                yield say("cli.because", **reason)
        elif value not in (None, [], {}):
            yield f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


# ── what went wrong ──


def _sentence(error: Exception) -> str:
    """Its text; of a failed training, which carries the whole log, the cause or the last line."""
    known = error.__cause__ if isinstance(error.__cause__, _known_errors()) else error
    if type(known).__name__ == "TrainingError":
        return say("cli.training_failed", why=brief(str(known).strip().rsplit("\n", 1)[-1], 200))
    return str(known)


def _known_errors() -> tuple[type[Exception], ...]:
    """Errors whose text is a sentence for the user. Modules that were never imported cannot have raised theirs."""
    found: list[type[Exception]] = [InputError, SettingsError]
    for module, name in (
        ("knowledge.errors", "PackError"),
        ("eligibility.errors", "DecisionError"),
        ("bot.store.database", "StoreError"),
        ("bot.serving", "ServeError"),
        ("bot.broker", "BrokerError"),
        ("bot.outbox_sender", "NotSent"),
        ("bot.workers", "WorkersFailed"),
        ("bot.train", "TrainingError"),
    ):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


_SENTENCES = {  # Typer has no kinds for these
    "no_command": r"No such command '(.*)'",
    "missing_command": r"Missing command",
    "extra": r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)",
}


def _usage(error: TyperException) -> str:
    """What Typer found wrong with the command line, in our words."""
    kind, parameter = type(error).__name__, getattr(error, "param", None)
    name = getattr(error, "option_name", None) or ""
    if parameter is not None:
        name = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar or parameter.name
    value = ""
    for key, pattern in _SENTENCES.items():
        if match := re.match(pattern, error.message):
            kind, value = key, "".join(match.groups())
    key = f"usage.{kind}" if has(f"usage.{kind}") else "usage.other"
    return say(key, name=name, value=brief(value), commands="、".join(_commands(error)))


def _commands(error: TyperException) -> list[str]:
    """The commands there are where the error was made."""
    context = getattr(error, "ctx", None)
    return list(getattr(context and context.command, "commands", ()))


def _broken() -> int:
    """A mistake of ours: the details go to a file, for whoever mends it."""
    from bot.settings import VAR

    report = VAR / "error.log"
    try:
        VAR.mkdir(exist_ok=True)
        report.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        traceback.print_exc()
    print(say("cli.broken", path=report), file=sys.stderr)
    return 70


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
