"""How a message is read: normal form, words, spans, intent. Most tests have a small lexicon of their own."""

import bot.rasa_patches  # isort: skip  # noqa: F401  - first: it decides how Rasa is imported

import json
from pathlib import Path
from typing import Any

import pytest
import scipy.sparse
import spacy
import yaml
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import ENTITIES, FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.evaluation.intents import BLIND_TARGET
from bot.evaluation.sentences import blind_sentences
from bot.nlu import spans
from bot.nlu.classifier import IntentClassifier
from bot.nlu.entities import PackEntityExtractor
from bot.nlu.lexicon import dictionary_words, span_patterns
from bot.nlu.ngrams import SHAPE, NgramFeaturizer, shape
from bot.nlu.text import Squeezed, escape_command, has_words, normalise_message
from bot.nlu.tokenizer import ProjectTokenizer
from knowledge.errors import PackError

ROOT = Path(__file__).parents[2]
CONTEXT = ExecutionContext(GraphSchema({}))
LEXICON = {
    "programmes": {
        "unemployment_aid": {"name": "失业补助金", "aliases": ["补助金", "shiye buzhujin"]},
        "difficulty": {"name": "就业困难人员认定", "aliases": ["4050"]},
    },
    "aspects": {"amount": ["多少钱", "一个月多少"], "deadline": ["截止", "(啥|什么)时候(还能|)办", "(截止|截至)"]},
    "facts": {
        "disabled": {"true": ["残疾人", "残疾"], "false": ["没有残疾证"]},
        "self_disabled": {"true": ["残疾人", "残疾"]},
        "disabled_parent": {"true": ["父亲是残疾人"]},
        "received_before": {"true": ["领过失业补助金"]},
        "single_parent_of_minor": {"true": ["单亲…带"]},
        "unit_kind": {"values": {"enterprise": ["企业", "小公司"], "law_firm": ["律所"]}},
        "layoff_count": {"cues": ["裁"], "zero": ["没裁人"]},
    },
    "places": {"province": ["省内"], "liaoning": {"本溪": ["桓仁"]}, "elsewhere": ["上海"]},
}


@pytest.fixture(scope="module")
def nlp() -> Any:
    return spans.build(span_patterns(LEXICON))


@pytest.fixture
def extractor(nlp: Any) -> PackEntityExtractor:
    return PackEntityExtractor(None, None, nlp)  # type: ignore[arg-type]


def found(extractor: PackEntityExtractor, text: str, *kinds: str) -> list[tuple[str, str]]:
    """(value, words) of the entities of the given kinds."""
    entities = extractor.find(normalise_message(text))
    return [(e["value"], normalise_message(text)[e["start"] : e["end"]]) for e in entities if e["entity"] in kinds]


# ── the normal form ──


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("２８个人　３．５％", "28个人 3.5%"),
        ("本人社〔２０２１〕43号（修订）", "本人社〔2021〕43号(修订)"),
        ("你\u200b好\ufeff", "你好"),
        ("一\n\n二\t三 ", "一 二 三"),
        ("\ud83d\ude00好", "😀好"),
        ("坏\ud800了", "坏了"),
        ("", ""),
        ("/restart", "/restart"),  # the terminal's own command; the assistant escapes it
        ("／restart", "∕restart"),  # a slash made by normalisation is no command
        ("\u200b/restart", "∕restart"),
    ],
)
def test_normal_form(typed: str, read: str) -> None:
    assert normalise_message(typed) == read
    assert normalise_message(read) == read


def test_an_escaped_command_stays_escaped() -> None:
    escaped = escape_command("/inform")
    assert normalise_message(escaped) == escaped
    assert not escaped.startswith("/")


@pytest.mark.parametrize(
    ("text", "readable"), [("是", True), ("2021", True), ("ok", True), ("？！", False), ("😀👍", False)]
)
def test_has_words(text: str, readable: bool) -> None:
    assert has_words(text) is readable


def test_squeezed_text_knows_the_way_back() -> None:
    text = "失业 补助 金 layoff rate 截止"
    squeezed = Squeezed(text)
    assert squeezed.text == "失业补助金layoff rate截止"
    at = squeezed.text.index("补助金")
    start, end = squeezed.original(at, at + 3)
    assert text[start:end] == "补助 金"


# ── words ──


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path)


def tokenizer(storage: LocalModelStorage, words: list[str]) -> ProjectTokenizer:
    return ProjectTokenizer(ProjectTokenizer.get_default_config(), storage, Resource("words"), words)


def test_tokenizer_replaces_the_text_and_keeps_our_words(storage: LocalModelStorage) -> None:
    message = Message({TEXT: "Ｘ证 失业 补助 金２个"})
    tokens = tokenizer(storage, ["失业补助金"]).tokenize(message, TEXT)
    assert message.get(TEXT) == "X证 失业 补助 金2个"
    assert "失业补助金" in [token.text for token in tokens]
    aid = next(token for token in tokens if token.text == "失业补助金")
    assert message.get(TEXT)[aid.start : aid.end] == "失业 补助 金"


def test_dictionary_travels_in_the_model_and_is_ours_alone(storage: LocalModelStorage) -> None:
    tokenizer(storage, ["没有这个词典词"]).train(TrainingData())
    loaded = ProjectTokenizer.load(ProjectTokenizer.get_default_config(), storage, Resource("words"), CONTEXT)
    text = {TEXT: "没有这个词典词"}
    assert [t.text for t in loaded.tokenize(Message(dict(text)), TEXT)] == ["没有这个词典词"]
    assert len(tokenizer(storage, []).tokenize(Message(dict(text)), TEXT)) > 1


def test_a_changed_lexicon_changes_the_fingerprints(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [component.fingerprint_addon({}) for component in (ProjectTokenizer, PackEntityExtractor)]
    monkeypatch.setattr("bot.nlu.lexicon.read_lexicon", lambda: LEXICON)
    after = [component.fingerprint_addon({}) for component in (ProjectTokenizer, PackEntityExtractor)]
    assert before[0] != after[0]
    assert before[1] != after[1]


# ── spans ──


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我是残疾人", {"disabled=true", "self_disabled=true"}),  # one word, two facts
        ("我不是残疾人", {"disabled=false", "self_disabled=false"}),
        ("没有残疾", {"disabled=false", "self_disabled=false"}),
        ("非残疾", {"disabled=false", "self_disabled=false"}),
        ("不 是 残疾人", {"disabled=false", "self_disabled=false"}),
        ("我父亲是残疾人", {"disabled_parent=true"}),  # the longest wins over all facts
        ("没有残疾证", {"disabled=false"}),  # written as false: the negation is its own
        ("有没有残疾证都行吗", set()),  # asks
        ("是不是残疾人才能领", set()),
        ("是否残疾", set()),
        ("我们是企业", {"unit_kind=enterprise"}),
        ("不是企业，是律所", {"unit_kind=law_firm"}),  # "not an enterprise" names no kind
        ("去年没裁人", {"layoff_count=0"}),
        ("没领过失业补助金", {"received_before=false"}),
    ],
)
def test_facts(extractor: PackEntityExtractor, text: str, expected: set[str]) -> None:
    assert {value for value, _ in found(extractor, text, "fact")} == expected


def test_a_negation_belongs_to_the_words_of_the_fact(extractor: PackEntityExtractor) -> None:
    assert ("disabled=false", "不是残疾人") in found(extractor, "我不是残疾人", "fact")


def test_kinds_may_overlap(extractor: PackEntityExtractor) -> None:
    assert found(extractor, "没领过失业补助金", "programme") == [("unemployment_aid", "失业补助金")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("失业补助金一个月多少钱", [("unemployment_aid", "失业补助金")]),
        ("失业 补助 金 截止", [("unemployment_aid", "失业 补助 金")]),
        ("SHIYE BUZHUJIN咋领", [("unemployment_aid", "SHIYE BUZHUJIN")]),
        ("我４０５０能领啥", [("difficulty", "4050")]),
        ("交了4050元", []),
        ("编号14050", []),
        ("abshiye buzhujin", []),
    ],
)
def test_programmes(extractor: PackEntityExtractor, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(extractor, text, "programme") == expected


def test_shapes_stand_for_many_words(extractor: PackEntityExtractor) -> None:
    assert found(extractor, "补助金啥时候办", "aspect") == [("deadline", "啥时候办")]
    assert found(extractor, "4050 什么 时候还能办", "aspect") == [("deadline", "什么 时候还能办")]
    assert found(extractor, "什么办", "aspect") == []
    assert found(extractor, "啥时候截止", "aspect") == [("deadline", "截止")]  # a word and a shape: found once
    assert found(extractor, "单亲一个人带娃", "fact") == [("single_parent_of_minor=true", "单亲一个人带")]
    assert found(extractor, "我不是单亲自己带", "fact") == [("single_parent_of_minor=false", "不是单亲自己带")]
    assert found(extractor, "单亲，带", "fact") == []


def test_a_shape_that_cannot_be_read_is_told_to_the_officer() -> None:
    with pytest.raises(PackError, match=r"“\(啥\|什么时候”的括号读不懂"):
        span_patterns({"aspects": {"deadline": ["(啥|什么时候"]}})


def test_a_denial_reaches_over_no_space(extractor: PackEntityExtractor) -> None:
    assert found(extractor, "不不不 残疾人是我", "fact")[0] == ("disabled=true", "残疾人")
    assert found(extractor, "没有 残疾", "fact")[0] == ("disabled=false", "没有 残疾")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一个月补多少", []),
        ("一个人能领几次", []),
        ("多少钱一天", []),
        ("我一个人拉扯孩子", []),
        ("一次给我讲清楚", []),
        ("一个没裁", []),
        ("从头再说一遍", []),
        ("换一个", []),
        ("裁了一个人", ["一个人"]),
        ("交了一年能领几个月", ["一年"]),
        ("裁了0个", ["0个"]),
        ("培训了一次", ["一次"]),
    ],
)
def test_a_bare_one_is_no_quantity(extractor: PackEntityExtractor, text: str, expected: list[str]) -> None:
    assert [value for value, _ in found(extractor, text, "quantity")] == expected


def test_places_are_named_as_the_lexicon_names_them(extractor: PackEntityExtractor) -> None:
    assert [value for value, _ in found(extractor, "桓仁、省内、上海、本溪", "place")] == [
        "本溪",
        "辽宁",
        "上海",
        "本溪",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("按本人社〔2021〕43号办", ["本人社〔2021〕43号"]),
        ("[2021]7号文件和（2021）29号", ["[2021]7号文件", "(2021)29号"]),
        ("43号文、第七号文件", ["43号文", "第七号文件"]),
        ("2021年7号文", ["2021年7号文"]),
        ("辽人社发7号怎么说", ["辽人社发7号"]),
        ("本人社发2021年43号、7号通知", ["本人社发2021年43号", "7号"]),
        ("43号里怎么写的", ["43号"]),
        ("辽政发〔2020〕9那个", ["辽政发〔2020〕9"]),
        ("7月31号截止", []),
        ("43号楼", []),
    ],
)
def test_documents(extractor: PackEntityExtractor, text: str, expected: list[str]) -> None:
    assert [value for value, _ in found(extractor, text, "document")] == expected


def test_quantities_are_the_raw_characters(extractor: PackEntityExtractor) -> None:
    values = [value for value, _ in found(extractor, "２８个人，去年裁了5个，交了12万", "quantity")]
    assert len(values) >= 3
    assert any("28" in value for value in values)
    assert any("12万" in value for value in values)


def test_the_pipeline_is_spacy_and_travels_in_the_model(nlp: Any, storage: LocalModelStorage) -> None:
    PackEntityExtractor(storage, Resource("spans"), nlp).train(TrainingData())
    with storage.read_from(Resource("spans")) as folder:
        assert spacy.load(folder).pipe_names == [*span_patterns(LEXICON), "wengang_shapes", "wengang_assertions"]
    loaded = PackEntityExtractor.load({}, storage, Resource("spans"), CONTEXT)
    assert loaded.find("我不是残疾人") == PackEntityExtractor(storage, Resource("spans"), nlp).find("我不是残疾人")


def test_messages_get_entities_training_sentences_only_features(extractor: PackEntityExtractor) -> None:
    message, example = Message({TEXT: "失业补助金多少钱"}), Message({TEXT: "失业补助金多少钱", "intent": "ask"})
    extractor.process([message])
    extractor.process_training_data(TrainingData([example]))
    assert [e["entity"] for e in message.get(ENTITIES)] == ["programme", "aspect"]
    assert all(e["extractor"] == "PackEntityExtractor" for e in message.get(ENTITIES))
    assert not example.get(ENTITIES)
    for told in (message, example):
        assert told.get_sparse_features(TEXT)[1].features.toarray().tolist() == [[1, 1, 0, 0, 0, 0, 1]]


# ── n-grams ──


def test_what_is_named_is_put_away(extractor: PackEntityExtractor) -> None:
    def of(text: str) -> str:
        return shape(text, extractor.find(text))

    assert of("我能领失业补助金吗") == of("我能领4050吗") != of("我能领吗")
    assert of("28个人") == of("三个月") and of("本溪截止") == of("上海截止")
    assert of("残疾人多少钱") == "残疾人多少钱"  # facts and aspects stay


def test_ngrams_travel_in_the_model(extractor: PackEntityExtractor, storage: LocalModelStorage) -> None:
    texts = ["我能领失业补助金吗", "我能领4050吗", "今天领,领 吗"]
    data = TrainingData([Message({TEXT: text, "intent": "check"}) for text in texts])
    extractor.process_training_data(data)
    config = NgramFeaturizer.get_default_config() | {"rare": 1}
    learnt = NgramFeaturizer(config, "ngrams", storage, Resource("ngrams"), {})
    learnt.train(data)
    loaded = NgramFeaturizer.load(config, storage, Resource("ngrams"), CONTEXT)
    counted = []
    for featurizer in (learnt, loaded):
        messages = [Message({TEXT: text}) for text in ("我能领失业补助金吗", "我能领4050吗", "我能 领,4050吗", "好")]
        extractor.process(messages)
        featurizer.process(messages)
        found = [
            [f.features.toarray().tolist() for f in m.features if f.origin.endswith((TEXT, SHAPE))] for m in messages
        ]
        counted.append([dict(zip((TEXT, SHAPE), both, strict=True)) for both in found])
    assert counted[0] == counted[1]
    aid, difficulty, spaced, nothing = counted[0]
    assert aid[SHAPE] == difficulty[SHAPE] and aid[TEXT] != difficulty[TEXT] and spaced == difficulty
    assert sum(nothing[TEXT][0]) == 2  # it begins and it ends


# ── the real lexicon and model ──


def test_every_label_of_the_real_lexicon_is_known() -> None:
    facts = yaml.safe_load((ROOT / "knowledge/packs/common/facts.yml").read_text(encoding="utf-8"))
    for pattern in span_patterns()["fact"]:
        fact, _, value = pattern["label"].partition("=")
        kind = facts[fact]["type"]
        allowed = {"bool": ("true", "false"), "choice": facts[fact].get("values", {})}.get(kind, ("0",))
        assert value in allowed, pattern
    assert "稳岗返还" in dictionary_words()


def test_features_of_one_message_stand_as_rasa_puts_them(
    storage: LocalModelStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sequence features, those of other attributes and empty ones among them."""
    config = IntentClassifier.get_default_config()
    ours = IntentClassifier(config, "classifier", storage, Resource("intents"))
    stock = LogisticRegressionClassifier(
        LogisticRegressionClassifier.get_default_config(), "classifier", storage, Resource("stock")
    )
    for seed in range(20):
        message = Message({TEXT: "话"})
        for width, kind, attribute in (
            (7, FEATURE_TYPE_SENTENCE, TEXT),
            (5, FEATURE_TYPE_SEQUENCE, TEXT),
            (9, FEATURE_TYPE_SENTENCE, "response"),
            (1 + seed, FEATURE_TYPE_SENTENCE, TEXT),
            (40, FEATURE_TYPE_SENTENCE, TEXT),
        ):
            form = ("csr", "coo")[(seed + width) % 2]  # the second is what Rasa's CountVectorsFeaturizer gives
            matrix = scipy.sparse.random(1, width, density=0.3, format=form, random_state=seed)
            message.add_features(Features(matrix, kind, attribute, f"f{width}"))
        with monkeypatch.context() as alone:
            alone.delattr(LogisticRegressionClassifier, "_create_X")  # the quick way, not Rasa's
            found = ours._create_X([message])
        expected = stock._create_X([message])
        assert found.shape == expected.shape and (found != expected).nnz == 0
    both = ours._create_X([message, message])
    assert both.shape[0] == 2


def test_classifier_is_stored_as_plain_arrays(storage: LocalModelStorage) -> None:
    config = IntentClassifier.get_default_config()
    untrained = IntentClassifier(config, "classifier", storage, Resource("intents"))
    untrained.clf.fit([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["ask", "check", "inform"])
    untrained.persist()
    loaded = IntentClassifier.load(config, storage, Resource("intents"), CONTEXT)
    rows = [[0.2, 0.9], [0.9, 0.1], [0.4, 0.4]]
    assert (loaded.clf.predict_proba(rows) == untrained.clf.predict_proba(rows)).all()
    assert list(loaded.clf.classes_) == ["ask", "check", "inform"]


async def test_the_trained_model_reads_a_message(stub_assistant: Any) -> None:
    parsed = await stub_assistant.agent.parse_message("我们公司能领稳岗返还吗　２８个人")
    json.dumps(parsed["entities"])
    assert parsed["text"] == "我们公司能领稳岗返还吗 28个人"
    assert parsed["intent"]["name"] == "check"
    assert ("programme", "stabilisation_refund") in {(e["entity"], e["value"]) for e in parsed["entities"]}
    assert any(e["entity"] == "quantity" and "28" in e["value"] for e in parsed["entities"])


async def test_blind_sentences(stub_assistant: Any) -> None:
    """The target of the evaluation: best guesses for sentences by someone who saw no training data."""
    sentences = blind_sentences()
    right = 0
    for sentence in sentences:
        ranking = (await stub_assistant.agent.parse_message(sentence.text))["intent_ranking"]
        right += sentence.allows(next(rank["name"] for rank in ranking if rank["name"] != "nlu_fallback"))
    assert right / len(sentences) >= BLIND_TARGET


async def test_held_out_sentences(stub_assistant: Any) -> None:
    """A floor well under the measured figure (docs/evaluation.md), so that only a real loss fails."""
    data = yaml.safe_load((ROOT / "tests/actions/intents_heldout.yml").read_text(encoding="utf-8"))["nlu"]
    pairs = [(block["intent"], line[2:]) for block in data for line in block["examples"].splitlines() if line.strip()]
    right = 0
    for intent, sentence in pairs:
        ranking = (await stub_assistant.agent.parse_message(sentence))["intent_ranking"]
        right += next(rank["name"] for rank in ranking if rank["name"] != "nlu_fallback") == intent
    assert right / len(pairs) >= 0.7
