"""The figures of the evaluation, on examples small enough to be worked out by hand."""

import bot.rasa_patches  # isort: skip  # noqa: F401  - first: it decides how Rasa is imported

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from rasa.cli.utils import validate_files
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.importers.importer import TrainingDataImporter

from actions.values import find_values
from bot.evaluation import (
    beliefs,
    calibration,
    entities,
    intents,
    paraphrases,
    phrases,
    pictures,
    pipelines,
    questions,
    stock,
)
from bot.evaluation.confidence import Bin, calibration_error, reliability, separation
from bot.evaluation.model import CONFIG, Cost, Understood
from bot.evaluation.questions import Answer, Row
from bot.evaluation.sentences import Sentence, blind_sentences, training_sentences, write_training
from knowledge import load

FACTS = load().facts


def understood(intent, guess=None, confidence=0.9, text="", found=()):
    return Understood(text, intent, guess or intent, confidence, list(found), 1.0)


# ── questions ──


def answer(label, outcome, *clauses, kind=""):
    return Answer(Row("问", label, kind), outcome, clauses)


def test_a_label_is_met_by_a_clause_or_one_below_it():
    assert answer("LN/一;BX/一", "answered", "LN/二", "BX/一/缴费依据").right_at(2)
    assert not answer("LN/一;BX/一", "answered", "LN/二", "BX/一/缴费依据").right_at(1)
    assert not answer("LN/一", "answered", "LN/一一").right_at(1)


def test_every_target_counts_its_own_rows():
    answers = [
        answer("LN/一", "answered", "LN/一"),
        answer("LN/一", "interview", "LN/二", "LN/一/裁员率"),
        answer("not covered", "answered", kind="near-topic:省(一)"),
        answer("not covered", "not_stated", kind="near-topic:省(二)"),
        answer("not covered", "out_of_scope", kind="other-city"),
        answer("not covered", "answered", kind="off-topic"),
        answer("not covered", "clarify", kind="abuse"),
        answer("not covered", "smalltalk", kind="injection"),
        answer("not covered", "answered", kind="chitchat"),  # no target
        answer("clarify", "clarify", kind="缺省主语"),
    ]
    found = {one.target.name: one for one in questions.results(answers)}
    assert [round(one.share, 3) for one in found.values()] == [0.5, 1, 0, 0.5, 0.667, 1]
    assert [one.rows for one in found.values()] == [2, 2, 1, 2, 3, 1]
    assert [len(one.wrong) for one in found.values()] == [1, 0, 0, 1, 1, 0]
    assert [one.met for one in found.values()] == [False, True, True, False, False, True]
    text = "\n".join(questions.part("questions-x", "X", answers, as_of="2026-11-28").lines)
    assert "| near-topic: answered as if covered | 2 | 0.500 | ≤ 0.1 | ✗ |" in text
    assert text.count("  - 问 · not covered near-topic:省(一) → answered —") == 1


async def test_each_question_is_asked_in_a_conversation_of_its_own():
    asked = []

    class Assistant:
        async def reply(self, sender, text, as_of, place):
            asked.append((sender, text, as_of, place))
            return [{"text": "…", "outcome": "answered", "cited": ["LN/一"]}, {"text": "…", "cited": ["LN/二"]}]

    rows = [Row("甲", "LN/一", ""), Row("甲", "LN/二", "")]
    answers = await questions.ask_all(Assistant(), rows, "2026-11-28", "本溪")
    assert [one.clauses for one in answers] == [["LN/一", "LN/二"]] * 2
    assert len({sender for sender, *_ in asked}) == 2 and {tuple(rest) for _, *rest in asked} == {
        ("甲", "2026-11-28", "本溪")
    }


# ── intents ──


def test_an_unsure_guess_counts_for_the_guess_and_against_the_act():
    sentences = [Sentence("甲", "ask"), Sentence("乙", "check", ("ask",)), Sentence("丙", "deny")]
    found = [understood("nlu_fallback", "ask"), understood("ask"), understood("affirm")]
    assert intents.accuracy(sentences, found) == (2 / 3, 1 / 3)
    assert intents.macro_f1(sentences, found) == pytest.approx(2 / 3)
    text = "\n".join(intents.blind_lines(sentences, found, [Sentence("甲", "ask")]))
    assert "| deny | affirm | 1 |" in text and "丙" not in text
    assert "Of the 2 that have no near-duplicate in the training data (as in the cross-validation) 0.500" in text
    assert "| unsure, asked back | 0.333 |" in text


def test_paraphrases_stay_in_one_fold():
    texts = [
        "失业补助金怎么领",
        "失业补助金怎么领呢",
        "失业补助金怎么领啊",
        "裁员率超过百分之六",
        "转人工",
        "给我转人工",
    ]
    found = paraphrases.groups(texts)
    assert found[0] == found[1] == found[2] and found[4] == found[5]
    assert len(set(found)) == 3
    assert paraphrases.have_near(["失业补助金怎么领呀", "你好"], texts) == [True, False]
    split = paraphrases.folds(texts, ["ask", "ask", "ask", "inform", "human", "human"], 3)
    assert sorted(at for fold in split for at in fold) == list(range(6))
    fold_of = {at: number for number, fold in enumerate(split) for at in fold}
    assert len({(found[at], fold_of[at]) for at in range(6)}) == 3


def test_the_folds_of_the_training_data_do_not_change_from_run_to_run():
    sentences = training_sentences()
    texts, names = [one.text for one in sentences], [one.intent for one in sentences]
    once = paraphrases.folds(texts, names, intents.FOLDS)
    assert once == paraphrases.folds(texts, names, intents.FOLDS)
    sizes = [len(fold) for fold in once]
    assert max(sizes) < 1.3 * min(sizes)
    largest = Counter(paraphrases.groups(texts)).most_common(1)[0][1]
    assert largest < 0.1 * len(texts)  # no chain swallows the data


def test_training_sentences_are_written_as_rasa_reads_them(tmp_path: Path):
    (tmp_path / "nlu").mkdir()
    written = [Sentence("你好: 在吗", "greet"), Sentence("28个人", "inform"), Sentence("- 嗯", "affirm")]
    write_training(written, tmp_path / "nlu" / "x.yml")
    assert sorted(training_sentences(tmp_path / "nlu"), key=str) == sorted(written, key=str)


# ── confidence ──


def test_reliability_and_its_error():
    bins = reliability([0.05, 0.92, 0.98, 1.0], [False, True, True, False])
    assert [(one.low, one.count) for one in bins] == [(0, 1), (0.9, 3)]
    assert bins[1].right == pytest.approx(2 / 3) and bins[1].confidence == pytest.approx(2.9 / 3)
    assert calibration_error(bins) == pytest.approx((1 * 0.05 + 3 * (2.9 - 2) / 3) / 4)
    assert calibration_error([]) == 0


def test_separation_is_the_chance_to_score_higher():
    assert separation([0.9, 0.5], [0.5, 0.1]) == (1 + 1 + 0.5 + 1) / 4


def test_the_threshold_is_the_one_of_the_pipeline():
    assert 0 < calibration.threshold() < 1


def test_a_picture_of_the_same_figures_is_the_same(tmp_path: Path):
    paths = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for path in paths:
        pictures.reliability_curve([Bin(0.1, 3, 0.15, 0.2), Bin(0.9, 7, 0.95, 0.9)], 0.4, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"share right" in paths[0].read_bytes()
    pictures.confusion_matrix(["a", "a", "b"], ["a", "b", "b"], paths[0])
    pictures.two_scores([0.2, 0.9], [0.1], paths[1])


# ── entities ──


def entity(kind, value, start=0, end=1):
    return {"entity": kind, "value": value, "start": start, "end": end}


def test_entities_are_compared_by_meaning_or_by_place():
    sentence = Sentence(
        "我残疾，28个人，去年的失业补助金多少钱",
        "check",
        entities=(
            {"entity": "fact", "id": "disabled", "value": True, "words": "残疾"},
            {"entity": "fact", "id": "insured_count", "words": "28个人"},
            {"entity": "quantity", "words": "28个"},
            {"entity": "programme", "id": "unemployment_aid", "words": "失业补助金"},
            {"entity": "aspect", "id": "amount", "words": "多少钱"},
        ),
    )
    found = understood(
        "check",
        text=sentence.text,
        found=[
            entity("fact", "self_disabled=true"),  # the same, by the catalogue
            entity("fact", "layoff_count=0"),  # a number: no part of this comparison
            entity("quantity", "28", 4, 6),
            entity("quantity", "去年", 9, 11),
            entity("quantity", "一", 0, 1),
            entity("programme", "skill_upgrade_subsidy"),
        ],
    )
    scores = entities.scores([sentence], [found], FACTS)
    assert (scores["fact"].precision, scores["fact"].recall, scores["fact"].f1) == (1, 1, 1)
    assert (scores["quantity"].precision, scores["quantity"].recall) == (0.5, 1)
    assert (scores["programme"].precision, scores["programme"].recall, scores["programme"].f1) == (0, 0, 0)
    assert (scores["aspect"].precision, scores["aspect"].recall) == (1, 0)
    assert (scores["place"].precision, scores["place"].recall) == (1, 1)


def test_readings_of_the_same_words_count_once_and_marks_lie_where_they_are_free():
    sentence = Sentence(
        "农村户口，是三百二十人不是三百二，今天",
        "inform",
        entities=(
            {"entity": "fact", "id": "student_origin", "value": "rural", "words": "农村户口"},
            {"entity": "quantity", "words": "三百二"},
            {"entity": "quantity", "words": "三百二十"},
        ),
    )
    found = understood(
        "inform",
        text=sentence.text,
        found=[
            entity("fact", "student_origin=rural", 0, 4),
            entity("fact", "urban_household=false", 0, 4),
            entity("quantity", "三百二十人", 6, 11),
            entity("quantity", "三百二", 13, 16),
            entity("quantity", "今天", 17, 19),
        ],
    )
    scores = entities.scores([sentence], [found], FACTS)
    assert (scores["fact"].found, scores["fact"].f1) == (1, 1)
    assert (scores["quantity"].found, scores["quantity"].f1) == (2, 1)
    overlapping, exact = entities.borders([sentence], [found])["quantity"]
    assert (overlapping.f1, exact.f1) == (1, 0.5)


def test_facts_that_follow_from_one_another_are_the_same():
    same = entities.same_by(FACTS)
    assert same(("unemployed", "true"), ("currently_employed", "false"))
    assert same(("urban_dibao_family", "true"), ("low_income_dibao_family", "true"))
    assert same(("school_kind", "undergraduate"), ("school_level", "higher_education"))
    assert not same(("unemployed", "true"), ("currently_employed", "true"))
    assert not same(("age", ""), ("insured_count", ""))


async def test_what_is_believed_is_read_from_every_profile():
    slots = {
        "profile": {"insured_count": {"state": "given", "value": 28}, "age": {"state": "declined", "value": None}},
        "profiles": {"mother": {"unemployment_aid/received_before": {"state": "given", "value": False}}},
    }
    tracker = DialogueStateTracker.from_dict(
        "x", [], [AnySlot(name, [], initial_value=value) for name, value in slots.items()]
    )

    class Assistant:
        asked = []

        async def reply(self, sender, text, as_of, place):
            self.asked.append(text)

        async def retrieve(self, sender):
            return tracker

        @property
        def agent(self):
            return type("Agent", (), {"tracker_store": self})

    marked = (
        {"entity": "fact", "id": "insured_count", "words": "28"},
        {"entity": "fact", "id": "received_before", "value": False, "words": "没领过"},
        {"entity": "fact", "id": "layoff_count", "words": "5"},
    )
    sentences = [Sentence("28个人", "inform", entities=marked), Sentence("截止到哪天", "ask")]
    scores = await beliefs.scores(Assistant(), sentences, FACTS, "2026-11-28", "本溪")
    assert Assistant.asked == ["28个人"]
    assert (scores["yes/no, choice"].precision, scores["yes/no, choice"].recall) == (1, 1)
    assert (scores["number, date"].precision, scores["number, date"].recall) == (1, 0.5)


def test_the_blind_sentences_can_be_read():
    sentences = blind_sentences()
    assert len(sentences) >= 300
    assert any(one.also for one in sentences) and any(one.entities for one in sentences)
    unknown = {id for one in sentences for id, _ in entities.statements(one)} - set(FACTS)
    assert not unknown


# ── pipelines ──


def test_every_pipeline_stands_beside_the_one_in_use():
    found = {one.name: one.config for one in pipelines.variants()}
    in_use = found["in use"]["pipeline"]
    assert [one["name"] for one in in_use][-1] == "bot.nlu.second_look.SecondLook"
    assert all(config["policies"] == found["in use"]["policies"] for config in found.values())
    classifiers = {one["name"] for config in found.values() for one in config["pipeline"]}
    assert {"DIETClassifier", "bot.nlu.classifier.IntentClassifier"} <= classifiers


def test_pipelines_are_told_in_one_table():
    sentences, blind = [Sentence("甲", "ask"), Sentence("乙", "check")], [Sentence("丙", "deny"), Sentence("丁", "ask")]
    one = pipelines.Measured(
        "P", {1: understood("nlu_fallback", "check")}, [understood("deny")] * 2, Cost(9.6, 8.2, 700), Cost(1, 1, 300)
    )
    assert pipelines.part([one], sentences, blind, FACTS).lines[-1] == (
        "| P | 1.000 | 0.500 | 0.500 | 1.000 | 10 | 8 | 1.0 | 1.0 | 300 |"
    )


def test_phrases_read_as_nothing_are_asked_back_and_others_misread():
    assert "| misread | 0 |" in "\n".join(phrases.part().lines)
    wanted = dict.fromkeys(phrases.COLUMNS, "") | {"kind": "number", "value": "3", "low": "3", "high": "3", "text": "3"}
    day = date(2021, 9, 1)
    assert phrases.Phrase("3", day, [wanted]).right(find_values("3", day))
    assert not phrases.Phrase("4", day, [wanted]).right(find_values("4", day))
    assert not phrases.Phrase("3", day, []).right(find_values("3", day))


# ── Rasa's own tests ──


def test_rasa_finds_nothing_to_complain_of_in_our_files():
    """What `rasa data validate --fail-on-warnings` does, without the seconds that its command line takes to start."""
    files = TrainingDataImporter.load_from_config(str(CONFIG), str(stock.DOMAIN), [str(stock.DATA)])
    validate_files(fail_on_warnings=True, max_history=None, importer=files)  # exits when it finds something
    assert set(files.get_domain().intents) >= {one.intent for one in training_sentences()}
