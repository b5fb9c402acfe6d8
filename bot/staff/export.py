"""Cases as a table for a spreadsheet, in which nothing that was written down becomes a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from bot.inputs import clean
from bot.messages import say
from bot.staff.layout import moment

COLUMNS = ("id", "created_at", "status", "owner", "caller", "title", "subject", "outcome", "as_of", "place",
           "follow_up", "decision_id", "updated_at")  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
BOM = "\ufeff"  # by it Excel knows UTF-8


def rows(cases: Iterable[Any], names: Mapping[str, str], titles: Mapping[str, str]) -> Iterator[list[str]]:
    """The head and one row a case."""
    yield [say(f"staff_table.{column}") for column in COLUMNS]
    for case in cases:
        shown = {
            "created_at": moment(case.created_at),
            "updated_at": moment(case.updated_at),
            "owner": names.get(case.owner or "", ""),
            "title": titles.get(case.topic or "", ""),
            "status": say(f"staff_table.{case.status}"),
            "outcome": say(f"staff_table.{case.outcome}") if case.outcome else "",
        }
        yield [str(shown.get(column, getattr(case, column, None)) or "") for column in COLUMNS]


def as_csv(table: Iterable[list[str]]) -> str:
    """UTF-8 with a mark, CRLF; what a spreadsheet would take for a formula has an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in table)
    return BOM + buffer.getvalue()


def as_xlsx(table: Iterable[list[str]]) -> bytes:
    """Every cell is a text, whatever it looks like; of one that was kept long ago, what an XML file may hold."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(say("staff_table.sheet"))
    for row in table:
        cells = [WriteOnlyCell(sheet, value="") for _ in row]
        for cell, text in zip(cells, row, strict=True):
            cell.value = clean(text)
            cell.data_type = "s"
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet calculates."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
