"""The menu below the chat, read from a YAML file and held against WeChat's limits before WeChat sees it.

An entry has a `name` and either `ask` (words that count as typed when it is tapped), `link` (a page) or `menu` (entries
below it). Three on top with names of at most four Chinese characters, five below each with at most eight; a letter
counts half. Source: developers.weixin.qq.com/doc, api_createcustommenu.
"""

import unicodedata
from pathlib import Path
from typing import Any

from bot.channels.wechat.incoming import ASKED
from bot.inputs import brief
from bot.messages import say
from knowledge.errors import PackError
from knowledge.yaml_source import Place, SourceFile, load_yaml

DEFAULT = Path(__file__).with_name("menu.yml")
_ON_TOP, _BELOW = (3, 4), (5, 8)  # entries; Chinese characters of a name
_LONGEST_KEY, _LONGEST_LINK = 128, 1024  # bytes
_DOES = ("ask", "link", "menu")


def read_menu(path: Path = DEFAULT) -> dict[str, Any]:
    """Return the menu as WeChat wants it (``{"button": […]}``). Raises PackError, naming the line."""
    source = load_yaml(path)
    return {"button": _entries(source, source.data, (), *_ON_TOP)}


def _entries(source: SourceFile, listed: Any, place: Place, most: int, longest: int) -> list[dict[str, Any]]:
    if not isinstance(listed, list) or not 1 <= len(listed) <= most:
        raise _wrong(source, place, "count", most=most)
    return [_entry(source, one, (*place, number), longest) for number, one in enumerate(listed)]


def _entry(source: SourceFile, entry: Any, place: Place, longest: int) -> dict[str, Any]:
    top = longest == _ON_TOP[1]
    does = [key for key in _DOES if isinstance(entry, dict) and key in entry]
    if not does or set(entry) != {"name", does[0]} or does[0] == "menu" and not top:
        raise _wrong(source, place, "top_entry" if top else "entry")
    name, what = entry["name"], entry[does[0]]
    if not isinstance(name, str) or not 0 < _width(name) <= longest:
        raise _wrong(source, (*place, "name"), "name", name=brief(name), longest=longest)
    if does[0] == "menu":
        return {"name": name, "sub_button": _entries(source, what, (*place, "menu"), *_BELOW)}
    if does[0] == "ask":
        key = f"{ASKED}{what}"
        if not isinstance(what, str) or not what.strip() or len(key.encode()) > _LONGEST_KEY:
            raise _wrong(source, (*place, "ask"), "ask", longest=(_LONGEST_KEY - len(ASKED)) // 3)
        return {"name": name, "type": "click", "key": key}
    if not isinstance(what, str) or not what.startswith(("https://", "http://")) or len(what) > _LONGEST_LINK:
        raise _wrong(source, (*place, "link"), "link", link=brief(what))
    return {"name": name, "type": "view", "url": what}


def _width(name: str) -> float:
    """In Chinese characters."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in name.strip())


def _wrong(source: SourceFile, place: Place, key: str, **details: Any) -> PackError:
    return source.error(place, say(f"wechat_menu.{key}", **details), say(f"wechat_menu.{key}_mend", **details))
