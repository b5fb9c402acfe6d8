"""The XML that WeChat sends and gets: read without DTD and entities, and written by a writer."""

import re
from collections.abc import Mapping
from xml.dom import minidom
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_NO_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that XML cannot hold


class Malformed(ValueError):
    """`reason`: ``dtd`` (a DTD or entities), ``xml`` (no XML), ``fields`` (something is missing or absurd).

    ``str()`` is the reason: nothing that was sent.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(body: bytes) -> dict[str, str]:
    """Return the elements of an ``<xml>`` that hold no elements, the first of each name. Raises Malformed."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise Malformed("dtd") from None
    except (ParseError, ValueError, LookupError):  # the last two: an encoding that expat does not know
        raise Malformed("xml") from None
    if root.tag != "xml":
        raise Malformed("xml")
    fields: dict[str, str] = {}
    for child in root:
        if not len(child):
            fields.setdefault(child.tag, child.text or "")
    return fields


def write(fields: Mapping[str, str | int]) -> bytes:
    """Return an ``<xml>`` of these fields: numbers plain, words in CDATA; what XML cannot hold is left out."""
    document = minidom.Document()
    root = document.createElement("xml")
    for name, value in fields.items():
        element = document.createElement(name)
        if isinstance(value, int):
            element.appendChild(document.createTextNode(str(value)))
        else:
            for part in _NO_XML.sub("", value).replace("]]>", "]]\0>").split("\0"):  # no section may hold its own end
                element.appendChild(document.createCDATASection(part))
        root.appendChild(element)
    return root.toxml().encode("utf-8")
