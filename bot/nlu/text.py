"""The one form in which every message is read: NFKC, without what nobody typed.

`Assistant` applies it before Rasa sees the message, the tokenizer applies it again for `rasa shell`, `rasa run` and the
training data. It is idempotent, so entity offsets always refer to the text the tracker holds.
"""

import unicodedata

_COMMAND = "/"  # Rasa reads a message that starts with it as a forged result of its own NLU: /intent{"entity": …}
_HARMLESS_SLASH = "\u2215"  # looks the same, stays itself under NFKC


def normalise_message(text: str) -> str:
    """Return `text` as it is read from here on.

    Full-width letters and digits become half-width; surrogates are paired or dropped; control and zero-width
    characters vanish; line ends and tabs become single spaces; outer white space goes.
    A slash that only normalisation made (／ → /) does not start a command.
    """
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    visible = "".join(c for c in paired if c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    folded = " ".join(unicodedata.normalize("NFKC", visible).split())
    return folded if text.lstrip().startswith(_COMMAND) else escape_command(folded)


def escape_command(text: str) -> str:
    """Return `text` so that Rasa takes it as words even if it begins with a slash."""
    return _HARMLESS_SLASH + text[len(_COMMAND) :] if text.startswith(_COMMAND) else text


def has_words(text: str) -> bool:
    """Tell whether there is anything to read: a letter, a character or a digit (not only marks and emoji)."""
    return any(unicodedata.category(c)[0] in "LN" for c in text)


class Squeezed:
    """A text without the spaces that touch a Chinese character, and the way back to its offsets.

    People type 失业 补助 金 and paste lines broken inside words; English words keep their spaces.
    """

    def __init__(self, text: str) -> None:
        kept = [i for i in range(len(text)) if not _is_idle_space(text, i)]
        self.text = "".join(text[i] for i in kept)
        self._offsets = kept
        self.borders = [at for at in range(1, len(kept)) if kept[at] > kept[at - 1] + 1]
        """Where spaces were left out: before these characters."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return where `text[start:end]` stands in the text this was made from."""
        return self._offsets[start], self._offsets[end - 1] + 1


def _is_idle_space(text: str, i: int) -> bool:
    return text[i].isspace() and (is_han(text[i - 1 : i]) or is_han(text[i + 1 : i + 2]))


def is_han(c: str) -> bool:
    """Tell whether `c` is one Chinese character."""
    return "\u4e00" <= c <= "\u9fff"
