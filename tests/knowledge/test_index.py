"""The index over any documents: what counts, in which order, and the same however it is built."""

from knowledge.index import Document, TextIndex

DOCUMENTS = [
    Document("婚姻法", "夫妻在婚姻关系存续期间所得的工资归夫妻共同所有"),
    Document("劳动法", "用人单位应当按月支付工资，不得克扣", "老板拖着不发钱怎么办"),
    Document("道路交通安全法", "机动车行经人行横道应当减速行驶"),
]


def test_own_words_headings_and_questions_find_a_document() -> None:
    index = TextIndex(DOCUMENTS)
    assert index.search("斑马线 人行横道", 3)[0] == 2
    assert index.search("交通安全", 3)[0] == 2
    assert index.search("老板不发钱", 3)[0] == 1


def test_scores_are_mixed_from_both_indexes_and_order_the_search() -> None:
    index = TextIndex(DOCUMENTS)
    scores = index.scores("工资")
    assert set(scores) == {0, 1}
    assert all(0 < score <= 1.000001 for score in scores.values())
    assert index.search("工资", 5) == sorted(scores, key=lambda at: -scores[at])
    assert index.search("工资", 1) == index.search("工资", 5)[:1]


def test_equal_documents_keep_their_order() -> None:
    assert TextIndex([DOCUMENTS[0]] * 3).search("工资", 3) == [0, 1, 2]


def test_nothing_to_find() -> None:
    assert TextIndex(DOCUMENTS).scores("？！") == {}
    assert TextIndex([]).search("工资", 3) == []


def test_several_processes_build_the_same_index() -> None:
    documents = DOCUMENTS * 400
    for question in ("工资", "不发钱", "机动车怎么走"):
        assert TextIndex(documents, workers=2).scores(question) == TextIndex(documents).scores(question)
