"""Which training sentences say the same in nearly the same words, so that no fold is tested on what it has learnt.

Two sentences are near when their character n-grams are; groups are chains of near sentences, also across intents.
The threshold was chosen by looking at pairs of the training data: from .45 on, pairs share their wording
(“领过” / “领过一回”, “转人工” / “给我转人工”); below it most share a topic only, and from .40 down chains of hundreds
of sentences form.
"""

from collections.abc import Sequence

from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold

from knowledge.text import normalise

NEAR = 0.45  # cosine of tf-idf vectors over single characters, pairs and triples
_LONGEST_NGRAM = 3
_SEED = 20210901


def groups(sentences: Sequence[str]) -> list[int]:
    """Return for each sentence the number of its group."""
    near = _near(sentences)
    return [int(number) for number in connected_components(near, directed=False)[1]]


def have_near(sentences: Sequence[str], others: Sequence[str]) -> list[bool]:
    """Tell of each sentence whether one of the others says the same in nearly the same words."""
    near = _near([*sentences, *others])[: len(sentences), len(sentences) :]
    return [bool(row.nnz) for row in near]


def _near(sentences: Sequence[str]) -> csr_matrix:
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, _LONGEST_NGRAM), sublinear_tf=True)
    vectors = vectorizer.fit_transform([normalise(sentence) for sentence in sentences])
    return csr_matrix((vectors @ vectors.T) >= NEAR)


def folds(sentences: Sequence[str], intents: Sequence[str], count: int) -> list[list[int]]:
    """Return the places of the sentences of each fold; groups stay whole, intents are spread as evenly as possible."""
    splitter = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=_SEED)
    return [[int(at) for at in held_out] for _, held_out in splitter.split(sentences, intents, groups(sentences))]
