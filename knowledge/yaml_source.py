"""YAML that remembers where every value stands, so that a complaint about a pack can name the line.

PyYAML parses; the values are built here because its own constructor forgets lines and lets the last of two
equal keys win.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import PackError

Place = tuple[str | int, ...]
"""The way to a value inside a file: keys and list indexes, e.g. `("when", "all", 0, "if")`."""


@dataclass(frozen=True)
class SourceFile:
    """One YAML file: its path, its plain Python value, and the line (from 1) of every key and list element."""

    path: Path
    data: Any
    lines: dict[Place, int]

    def line_of(self, place: Place = ()) -> int:
        """Return the line of the key or element at `place`, or of its nearest ancestor that exists."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def error(self, place: Place, what: str, mend: str) -> PackError:
        """Return (not raise) the PackError that points at `place`."""
        return PackError(self.path, self.line_of(place), what, mend)


def read_text(path: Path) -> str:
    """Return the file's text, line ends as they are. Raises PackError: missing, unreadable or not UTF-8."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise PackError(path, None, "找不到这个文件", "补上文件，或检查文件名和所在文件夹") from error
    except OSError as error:
        raise PackError(path, None, "打不开这个文件", "检查文件权限，确认它不是文件夹") from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PackError(path, line, "文件不是 UTF-8 编码", "用编辑器另存为 UTF-8 编码") from error


def load_yaml(path: Path) -> SourceFile:
    """Read a YAML file. Dates become `datetime.date`; percentages such as `6%` stay strings.

    Raises PackError: missing file, not UTF-8, tabs as indentation, bad syntax, a key written twice, or anchors that
    contain themselves, merge keys and tags beyond plain YAML.
    """
    text = read_text(path).removeprefix("\ufeff")  # Windows Notepad writes a byte order mark
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        builder = _Builder(path, loader)
        return SourceFile(path, builder.build(root, ()) if root else None, {(): 1} | builder.lines)
    except (yaml.YAMLError, RecursionError) as error:
        raise _syntax_error(path, text, error) from error
    finally:
        loader.dispose()


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Builder:
    """Turns composed nodes into Python values and notes their lines."""

    def __init__(self, path: Path, loader: Any) -> None:
        self.path, self.loader = path, loader
        self.lines: dict[Place, int] = {}
        self.shared: dict[int, Any] = {}  # collections by node: an alias gives the same object; None while being built

    def build(self, node: yaml.Node, place: Place) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) not in self.shared:
            self.shared[id(node)] = None
            mapping = isinstance(node, yaml.MappingNode)
            self.shared[id(node)] = self.mapping(node, place) if mapping else self.sequence(node, place)
        elif self.shared[id(node)] is None:
            raise self.error(node, "用 * 引用了包含自己的内容", "去掉这处 * 引用")
        return self.shared[id(node)]

    def mapping(self, node: yaml.Node, place: Place) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node, mapping)
            self.lines[place + (key,)] = key_node.start_mark.line + 1
            mapping[key] = self.build(value_node, place + (key,))
        return mapping

    def sequence(self, node: yaml.Node, place: Place) -> list[Any]:
        elements: list[Any] = []
        for index, element in enumerate(node.value):
            self.lines[place + (index,)] = element.start_mark.line + 1
            elements.append(self.build(element, place + (index,)))
        return elements

    def key(self, node: yaml.Node, mapping: dict[Any, Any]) -> Any:
        key = None
        if isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:merge":
            key = self.scalar(node)
        if key is None:
            raise self.error(node, "这里的键不是普通文字", "冒号前只写一个词，不要写 <<、[ ]、{ } 或留空")
        if key in mapping:
            raise self.error(node, f"“{key}”在同一处写了两遍", "合并成一处，或改正其中一个名字")
        return key

    def scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.loader.construct_object(node)
        except (ValueError, yaml.YAMLError) as error:
            raise self.error(node, f"“{node.value}”不是有效的值", "检查日期是否存在；普通文字请加引号") from error

    def error(self, node: yaml.Node, what: str, mend: str) -> PackError:
        return PackError(self.path, node.start_mark.line + 1, what, mend)


def _syntax_error(path: Path, text: str, error: Exception) -> PackError:
    """Say in Chinese what the parser could not read: it reports English, and often the line after the slip."""
    if isinstance(error, yaml.reader.ReaderError):
        # The C parser counts bytes, the Python one characters: look for the character itself.
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else None
        return PackError(path, line, "有看不见的控制字符", "删掉这个字符，重新输入这一行")
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return PackError(path, None, "嵌套太深，读不了", "减少层级")
    line = min(mark.line + 1, text.rstrip().count("\n") + 1)
    indent = (text.splitlines() or [""])[line - 1].partition("#")[0]
    if indent[: len(indent) - len(indent.lstrip())].count("\t"):
        return PackError(path, line, "缩进用了制表符（Tab）", "把 Tab 换成空格")
    return PackError(path, line, "这一行或上一行写法不对，读不懂", "检查冒号后的空格、缩进、成对的引号和括号")
