"""How well intents are told apart: by cross-validation on the training data, and on sentences held out for good."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sklearn.metrics import f1_score, precision_recall_fscore_support

from bot.evaluation.model import CONFIG, FALLBACK, Understood, read, train
from bot.evaluation.paraphrases import NEAR, folds, groups, have_near
from bot.evaluation.pictures import confusion_matrix
from bot.evaluation.report import PICTURES, Part, against, table
from bot.evaluation.sentences import Sentence

FOLDS = 5
BLIND_TARGET = 0.90
_PAIRS = 25  # confused pairs listed


def cross_validated(sentences: Sequence[Sentence], config: Path = CONFIG, only: int = FOLDS) -> dict[int, Understood]:
    """Return place → how a sentence is read by a model that saw neither it nor a paraphrase of it.

    `only`: how many of the FOLDS folds are tried.
    """
    understood: dict[int, Understood] = {}
    split = folds([one.text for one in sentences], [one.intent for one in sentences], FOLDS)
    for held_out in split[:only]:
        with tempfile.TemporaryDirectory(prefix="wengang-evaluate-") as folder:
            model = Path(folder) / "model.tar.gz"
            train(config, [one for at, one in enumerate(sentences) if at not in set(held_out)], model)
            found, _ = read(config, [sentences[at].text for at in held_out], model, Path(folder))
        understood |= zip(held_out, found, strict=True)
    return understood


def accuracy(sentences: Sequence[Sentence], understood: Sequence[Understood]) -> tuple[float, float]:
    """The share whose best guess is right, and the share that is acted upon rightly (an unsure one is asked back)."""
    pairs = list(zip(sentences, understood, strict=True))
    guessed = sum(sentence.allows(one.guess) for sentence, one in pairs)
    acted = sum(sentence.allows(one.intent) for sentence, one in pairs)
    return guessed / len(pairs), acted / len(pairs)


def macro_f1(sentences: Sequence[Sentence], understood: Sequence[Understood]) -> float:
    """The mean F1 of the intents, each weighing the same."""
    wanted, guessed = _labels(sentences, understood)
    return float(f1_score(wanted, guessed, labels=sorted(set(wanted)), average="macro", zero_division=0))


def cross_validation_part(sentences: Sequence[Sentence], understood: dict[int, Understood]) -> Part:
    """The cross-validation told, with a picture."""
    asked, found = [sentences[at] for at in sorted(understood)], [understood[at] for at in sorted(understood)]
    number = groups([one.text for one in sentences])
    sizes = Counter(number)
    confusion_matrix(*_labels(asked, found), PICTURES / "intents.svg")
    lines = [
        f"{len(asked)} training sentences, {FOLDS} folds. Near-duplicates stay in one fold: {len(sizes)} groups of"
        f" sentences whose character n-grams (1–3) have a cosine of {NEAR} or more, the largest of"
        f" {max(sizes.values())} (bot/evaluation/paraphrases.py).",
        "",
        *_summary(asked, found),
        "",
        *_per_intent(asked, found),
        "",
        "![The intents that are taken for one another](evaluation/intents.svg)",
        "",
        *_confused(asked, found),
    ]
    return Part("intents", "Intents, by cross-validation", lines)


def blind_lines(
    sentences: Sequence[Sentence], understood: Sequence[Understood], training: Sequence[Sentence]
) -> list[str]:
    """The held-out sentences told. `training`: what the model has learnt; many short sentences stand in both."""
    guessed, _ = accuracy(sentences, understood)
    met = have_near([one.text for one in sentences], [one.text for one in training])
    unmet = [pair for pair, known in zip(zip(sentences, understood, strict=True), met, strict=True) if not known]
    apart = accuracy(*zip(*unmet, strict=True))[0] if unmet else float("nan")
    return [
        f"{len(sentences)} sentences by someone who saw no training data (tests/nlu/blind_sentences.yml). Of the"
        f" {len(unmet)} that have no near-duplicate in the training data (as in the cross-validation) {apart:.3f} are"
        " guessed rightly.",
        "",
        *_summary(sentences, understood, [*against(guessed, BLIND_TARGET)]),
        "",
        *_per_intent(sentences, understood),
        "",
        "What is taken for what; the sentences are not shown, so that nobody writes training data for them:",
        "",
        *_confused(sentences, understood, examples=0),
    ]


def _summary(
    sentences: Sequence[Sentence], understood: Sequence[Understood], target: Sequence[str] = ("", "")
) -> list[str]:
    guessed, acted = accuracy(sentences, understood)
    unsure = sum(one.intent == FALLBACK for one in understood) / len(understood)
    rows = [
        ["accuracy of the best guess", guessed, *target],
        ["acted upon rightly (unsure counts as wrong)", acted, "", ""],
        ["unsure, asked back", unsure, "", ""],
        ["macro-F1 of the best guess", macro_f1(sentences, understood), "", ""],
    ]
    return table(["", "share", "target", ""], rows)


def _per_intent(sentences: Sequence[Sentence], understood: Sequence[Understood]) -> list[str]:
    wanted, guessed = _labels(sentences, understood)
    names = sorted(set(wanted))
    precision, recall, f1, count = precision_recall_fscore_support(wanted, guessed, labels=names, zero_division=0)
    rows = [[names[i], int(count[i]), float(precision[i]), float(recall[i]), float(f1[i])] for i in range(len(names))]
    return table(["intent", "sentences", "precision", "recall", "F1"], rows)


def _confused(sentences: Sequence[Sentence], understood: Sequence[Understood], examples: int = 3) -> list[str]:
    """The pairs most often confused, with so many examples."""
    wrong = [(s, u) for s, u in zip(sentences, understood, strict=True) if not s.allows(u.guess)]
    pairs = Counter((sentence.intent, one.guess) for sentence, one in wrong)
    rows = []
    for (intent, guess), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:_PAIRS]:
        texts = [s.text for s, u in wrong if (s.intent, u.guess) == (intent, guess)][:examples]
        rows.append([intent, guess, count, *([" · ".join(texts)] if examples else [])])
    return table(["intent", "taken for", "", *(["for instance"] if examples else [])], rows)


def _labels(sentences: Sequence[Sentence], understood: Sequence[Understood]) -> tuple[list[str], list[str]]:
    """What was wanted and what was guessed; an allowed second intent counts as the wanted one."""
    guessed = [s.intent if s.allows(u.guess) else u.guess for s, u in zip(sentences, understood, strict=True)]
    return [sentence.intent for sentence in sentences], guessed
