"""XML in and out: nothing but fields comes in, and no text of ours becomes an element."""

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.envelope import Malformed, read, write

BOMB = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>&c;</Encrypt></xml>"""
OUTSIDE = b"""<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Encrypt>&x;</Encrypt></xml>"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BOMB, "dtd"),
        (OUTSIDE, "dtd"),
        (b"<!DOCTYPE xml><xml/>", "dtd"),
        (b'<!DOCTYPE xml PUBLIC "a" "http://127.0.0.1/x.dtd"><xml/>', "dtd"),
        (b"", "xml"),
        (b"{}", "xml"),
        (b"<xml>", "xml"),
        (b"<html></html>", "xml"),
        (b"<xml>&nbsp;</xml>", "xml"),
        (b"<xml><A>\xff\xfe</A></xml>", "xml"),
        (b'<?xml version="1.0" encoding="gbk"?><xml><A>\xd6\xd0</A></xml>', "xml"),
        (b'<?xml version="1.0" encoding="klingon"?><xml/>', "xml"),
        (b"<xml>\0</xml>", "xml"),
    ],
)
def test_what_is_not_read(body, reason):
    with pytest.raises(Malformed) as caught:
        read(body)
    assert caught.value.reason == reason


def test_elements_that_hold_elements_are_no_fields_and_the_first_of_a_name_counts():
    assert read(b"<xml><A>1</A><B><C>2</C></B><A>3</A><D/> tail</xml>") == {"A": "1", "D": ""}


def test_a_tower_of_elements_is_no_trouble():
    deep = b"<xml>" + b"<a>" * 15_000 + b"</a>" * 15_000 + b"</xml>"
    assert read(deep) == {}


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=80))
def test_what_is_written_is_read_as_it_was_by_another_parser_and_stays_text(words):
    held = "".join(char for char in words if char in "\t\n" or (char >= " " and char not in "\ufffe\uffff"))
    written = write({"Content": words, "CreateTime": 1, "MsgType": "text"})
    theirs = xmltodict.parse(written, strip_whitespace=False)["xml"]
    assert list(theirs) == ["Content", "CreateTime", "MsgType"] and (theirs["Content"] or "") == held
    assert read(written) == {"Content": held, "CreateTime": "1", "MsgType": "text"}


@pytest.mark.parametrize("words", ["]]><Evil>1</Evil><![CDATA[", "]]>", "]]]]>>", "<![CDATA[x]]>", "&lt;", "a]]", "]>"])
def test_nothing_breaks_out_of_the_text(words):
    assert xmltodict.parse(write({"Content": words}))["xml"] == {"Content": words}
