"""The search measured on a corpus from outside: figures worked out by hand, every bad file refused in one sentence."""

import gzip
import json
import math

import pytest

from bot import cli
from bot.evaluation.judged_corpus import read_judged
from bot.evaluation.outside import as_they_are, part, with_questions
from bot.evaluation.ranking import ndcg, percentile, recall_at, reciprocal_rank
from bot.evaluation.report import HEAD, Part, keep, read_parts

DOCUMENTS = [
    ("a", "婚姻法第十七条", "夫妻在婚姻关系存续期间所得的工资归夫妻共同所有"),
    ("b", "劳动法第五十条", "工资应当以货币形式按月支付给劳动者本人，不得克扣"),
    ("c", "道路交通安全法第四十七条", "机动车行经人行横道时应当减速行驶"),
    ("d", "继承法第十条", "遗产按照下列顺序继承：配偶、子女、父母"),
]
QUESTIONS = [
    ("1", "老板拖欠薪水咋办"),
    ("2", "老板拖欠薪水怎么要"),
    ("3", "斑马线前要减速吗"),
    ("4", "爸爸走了房子给谁"),
    ("5", "夫妻的工资算谁的"),
]
ANSWERS = [("1", "b"), ("2", "b"), ("3", "c"), ("4", "d"), ("5", "a")]


@pytest.fixture
def files(tmp_path):
    """Three good files; a test spoils one."""
    paths = [tmp_path / name for name in ("corpus.jsonl", "queries.tsv", "qrels.tsv")]
    lines = [json.dumps(dict(zip(("id", "title", "text"), row, strict=True)), ensure_ascii=False) for row in DOCUMENTS]
    paths[0].write_text("\n".join(lines) + "\n", encoding="utf-8")
    paths[1].write_text("".join(f"{id}\t{text}\n" for id, text in QUESTIONS), encoding="utf-8")
    paths[2].write_text("".join(f"{id}\t{document}\n" for id, document in ANSWERS), encoding="utf-8")
    return paths


def run(files, *more, capfd):
    options = [word for pair in zip(("--corpus", "--queries", "--qrels"), files, strict=True) for word in pair]
    capfd.readouterr()
    code = cli.run([str(word) for word in ("evaluate", *options, *more)])
    return code, *capfd.readouterr()


# ── the figures ──


def test_measures_of_a_ranked_list():
    found, relevant = ["x", "a", "y", "b"], {"a", "b", "c"}
    assert [recall_at(found, relevant, k) for k in (1, 2, 4)] == [0, 1 / 3, 2 / 3]
    assert reciprocal_rank(found, relevant) == 0.5
    assert reciprocal_rank(found, {"c"}) == 0
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(found, relevant) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert ndcg(["a", "b", "c"], relevant) == 1
    assert [percentile([4, 1, 3, 2], percent) for percent in (50, 95)] == [2, 4]


def test_appended_questions_help_others_and_never_themselves(files):
    corpus = read_judged(*map(str, files))
    alone = {tuple(one.relevant): one.found for one in as_they_are(corpus).asked}
    assert alone["c",][0] == "c" and alone["a",][0] == "a"
    assert "b" not in alone["b",]  # nobody who wrote the law says 老板拖欠薪水
    helped = with_questions(corpus, folds=5)
    assert [one.found[0] for one in helped.asked if "b" in one.relevant] == ["b", "b"]
    lonely = next(one for one in helped.asked if "d" in one.relevant)
    assert "d" not in lonely.found[:1]  # its only question was left out
    assert len(helped.asked) == len(QUESTIONS)


def test_the_command_prints_and_keeps_nothing_without_a_name(files, capfd, monkeypatch):
    monkeypatch.setattr("bot.evaluation.run.keep", lambda *_: pytest.fail("nothing is to be kept"))
    code, out, err = run(files, "--folds", "0", capfd=capfd)
    assert (code, err) == (0, "")
    for said in ("4 documents, 5 questions", "Recall@10", "MRR@10", "nDCG@10", "p95 ms", "index, s"):
        assert said in out
    assert "appended" not in out
    assert "questions appended, 2 folds" in run(files, "--folds", "2", capfd=capfd)[1]


def test_gzip_byte_order_mark_and_blank_lines_are_read(files):
    plain = files[0].read_text(encoding="utf-8")
    zipped = files[0].with_suffix(".jsonl.gz")
    zipped.write_bytes(gzip.compress(f"\ufeff{plain}\n\n".encode()))
    files[1].write_text("\ufeff" + files[1].read_text(encoding="utf-8") + "\r\n", encoding="utf-8")
    assert read_judged(str(zipped), *map(str, files[1:])) == read_judged(*map(str, files))


def test_questions_without_an_answer_are_counted_apart(files):
    with files[1].open("a", encoding="utf-8") as file:
        file.write("6\t谁也没标过的问题\n")
    corpus = read_judged(*map(str, files))
    assert (len(corpus.questions), corpus.unjudged) == (5, 1)
    assert "(1 more" in part(corpus, 0, "").lines[0]


# ── bad files ──


def spoil(path, how):
    raw = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes({"empty": b"", "blank": b"\n \n", "gbk": raw.decode().encode("gbk")}[how])


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("how", ["gone", "folder", "empty", "blank"])
def test_an_unusable_file_is_refused(files, capfd, which, how):
    spoil(files[which], how)
    assert files[which].name in refused(run(files, capfd=capfd))


@pytest.mark.parametrize("which", [0, 1])
def test_another_encoding_is_refused(files, capfd, which):
    spoil(files[which], "gbk")
    assert "UTF-8" in refused(run(files, capfd=capfd))


@pytest.mark.parametrize(
    ("which", "line", "said"),
    [
        (0, "{", "JSON"),
        (0, "[1]", "title"),
        pytest.param(0, "[" * 100_000, "JSON", id="deep"),
        (0, '{"id": "e", "text": "没有标题"}', "title"),
        (0, '{"id": 5, "title": "编号不是文字", "text": ""}', "id"),
        (0, '{"id": "a", "title": "", "text": "编号重复"}', "“a”"),
        (1, "只有一列", "两列"),
        (1, "6\t问题\t多一列", "两列"),
        (1, "6\t", "两列"),
        (1, "1\t编号重复", "“1”"),
        (2, "1 b", "两列"),
        (2, "9\ta", "“9”"),
        (2, "1\tz", "“z”"),
    ],
)
def test_a_bad_line_is_named(files, capfd, which, line, said):
    with files[which].open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    told = refused(run(files, capfd=capfd))
    count = (len(DOCUMENTS), len(QUESTIONS), len(ANSWERS))[which] + 1
    assert said in told and f"第 {count} 行" in told and files[which].name in told


def test_a_torn_gzip_is_refused(files, capfd):
    torn = files[0].with_suffix(".jsonl.gz")
    torn.write_bytes(gzip.compress(files[0].read_bytes())[:-9])
    assert "gzip" in refused(run([torn, *files[1:]], capfd=capfd))
    torn.write_bytes(files[0].read_bytes())
    assert "gzip" in refused(run([torn, *files[1:]], capfd=capfd))


@pytest.mark.parametrize("folds", ["-1", "1", "6", "many"])
def test_impossible_folds_are_refused(files, capfd, folds):
    assert "folds" in refused(run(files, "--folds", folds, capfd=capfd))


def test_all_three_files_are_needed(files, capfd):
    capfd.readouterr()
    code = cli.run(["evaluate", "--corpus", str(files[0])])
    assert "--queries、--qrels" in refused((code, *capfd.readouterr()))


def test_a_name_is_a_word(files, capfd):
    assert "../x" in refused(run(files, "--name", "../x", capfd=capfd))


def test_an_unknown_part_is_refused(capfd):
    capfd.readouterr()
    code = cli.run(["evaluate", "--only", "weather"])
    assert "questions、search、intents、blind" in refused((code, *capfd.readouterr()))


def refused(result):
    """The one Chinese sentence of a refusal."""
    code, out, err = result
    assert code == 2 and out == "", result
    assert err.endswith("。\n") and err.count("\n") == 1, err
    return err.strip()


# ── the report ──


def test_a_run_renews_its_own_part_only(tmp_path):
    report = tmp_path / "evaluation.md"
    keep([Part("search", "Search", ["old"]), Part("intents", "Intents", ["kept"])], "wengang evaluate", report)
    keep([Part("outside-X", "Outside", ["first"]), Part("search", "Search", ["new"])], "wengang evaluate", report)
    text = report.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    assert list(read_parts(report)) == ["search", "outside-X", "intents"]
    assert "new" in text and "old" not in text and "kept" in text and "first" in text
