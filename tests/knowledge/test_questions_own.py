# Written by someone who had not seen lexicon or lay questions; no row may be copied into the packs.
"""The form of questions_own.tsv: a set of questions to measure with, in the format of the public one."""

import csv
import re
from collections import Counter
from pathlib import Path

import yaml

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
KINDS = {
    "covered": 200,
    "near-topic": 75,
    "other-city": 35,
    "off-topic": 25,
    "abuse": 4,
    "injection": 4,
    "chitchat": 8,
    "clarify": 12,
}  # at least so many rows of each
LIAONING = re.compile("沈阳|大连|鞍山|抚顺|丹东|锦州|营口|阜新|辽阳|盘锦|铁岭|朝阳市|葫芦岛|海城")
COPYABLE = 12  # characters; shorter rows ("补贴") stand in any text by chance

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = read(TESTS / "knowledge" / "questions_own.tsv")
PUBLIC = read(TESTS / "contract" / "questions_public.tsv")
CLAUSES = list(yaml.safe_load((TESTS / "contract" / "clauses.yml").read_text(encoding="utf-8")))


def covered(row: Row) -> bool:
    return row["label"] not in ("not covered", "clarify")


def kind(row: Row) -> str:
    """The group a row is counted in; covered and clarify rows carry free remarks in the column."""
    if covered(row):
        return "covered"
    return "clarify" if row["label"] == "clarify" else row["kind"].split(":")[0]


def plain(text: str) -> str:
    """What is left of a text when white space and punctuation do not count."""
    return re.sub(r"[\W_]", "", text).lower()


def test_columns_are_those_of_the_public_set() -> None:
    assert list(ROWS[0]) == list(PUBLIC[0])
    assert [row for row in ROWS if None in row or None in row.values()] == []
    assert [row for row in ROWS if any(cell != cell.strip() for cell in row.values()) or not row["question"]] == []


def test_no_question_stands_twice_or_in_the_public_set() -> None:
    times = Counter(plain(row["question"]) for row in [*ROWS, *PUBLIC])
    assert [row["question"] for row in ROWS if times[plain(row["question"])] > 1] == []


def test_a_label_names_one_or_two_clauses() -> None:
    ids = {clause[: end.start()] for clause in CLAUSES for end in re.finditer(r"/|$", clause)} - {"LN", "BX"}
    labels = {row["question"]: row["label"].split(";") for row in ROWS if covered(row)}
    assert {q: named for q, named in labels.items() if not set(named) <= ids} == {}
    assert {q: named for q, named in labels.items() if not len(set(named)) == len(named) <= 2} == {}


def test_every_item_of_the_notices_has_three_questions() -> None:
    items = {"/".join(clause.split("/")[:2]) for clause in CLAUSES} - {"BX/日期"}
    asked = Counter(label for row in ROWS for label in row["label"].split(";"))
    assert len(items) == 29
    assert {item: asked[item] for item in items if asked[item] < 3} == {}


def test_counts_per_kind() -> None:
    counts = Counter(map(kind, ROWS))
    assert counts.keys() == KINDS.keys()
    assert {name: counts[name] for name, least in KINDS.items() if counts[name] < least} == {}


def test_near_topic_names_what_it_is_near_to() -> None:
    item = r"(省\([一二三四五六七八九十]+\)|市[1-8]|附件[12]|失业保险[金费])"
    form = re.compile(rf"near-topic:{item}(;{item})?(; 长句)?")
    assert [row for row in ROWS if kind(row) == "near-topic" and not form.fullmatch(row["kind"])] == []


def test_other_cities_of_liaoning_are_asked_about_both_ways() -> None:
    """A city of the province is no other city: what the province says holds there too."""
    counts = Counter(kind(row) for row in ROWS if LIAONING.search(row["question"]))
    assert counts["covered"] >= 12 and counts["near-topic"] >= 8 and counts["other-city"] == 0


def test_no_row_is_copied_into_packs_or_training_data() -> None:
    files = [path for folder in ("knowledge/packs", "data") for path in (ROOT / folder).rglob("*.yml")]
    assert files
    texts = {path: plain(path.read_text(encoding="utf-8")) for path in files}
    long = [plain(row["question"]) for row in ROWS if len(plain(row["question"])) >= COPYABLE]
    assert [(path.name, question) for path, text in texts.items() for question in long if question in text] == []
