"""Many further notices on one programme: compiled as often as they can speak together, and no oftener."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from eligibility.decide import Engine
from eligibility.load import load_programmes, programmes
from eligibility.model import Programme
from eligibility.place import places_containing
from knowledge import Knowledge, PackError
from knowledge.yaml_source import load_yaml

BEGIN = date(2022, 1, 1)
PROGRAMME = """\
id: example
title: 例子
source: {document: LN, item: 一（一）}
subject: unit
summary: 例子
when: {id: few, if: insured_count <= 0, cite: [LN/一/裁员率]}
"""
FURTHER = """\
extends: example
conditions:
  few: {if: insured_count <= %d, cite: [LN/一/裁员率]}
"""
Load = Callable[..., Programme]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For every compilation, with how many further notices."""
    counted, compile_programme = list[int](), programmes.compile_programme

    def count(knowledge: Knowledge, base: Any, further: Sequence[Any] = ()) -> Programme:
        counted.append(len(further))
        return compile_programme(knowledge, base, further)

    monkeypatch.setattr(programmes, "compile_programme", count)
    return counted


@pytest.fixture
def extended(knowledge: Knowledge, tmp_path: Path) -> Load:
    """The programme with one notice for each place, the next beginning ten days after the one before."""

    def load(places: Sequence[str], **texts: str) -> Programme:
        notices, files = dict(knowledge.notices), [tmp_path / "ln-2021-7" / "example.yml"]
        files[0].parent.mkdir()
        files[0].write_text(PROGRAMME, encoding="utf-8")
        for i, place in enumerate(places):
            name, day = f"demo_{i}", BEGIN + timedelta(10 * i)
            given = {"id": name, "folder": name, "place": place, "date_not_before": day, "date_not_after": day}
            notices[name] = replace(knowledge.notices["BX"], **given)
            files.append(tmp_path / name / "example.yml")
            files[-1].parent.mkdir()
            files[-1].write_text(texts.get(name, FURTHER % (i + 1)), encoding="utf-8")
        read = tuple(load_yaml(file) for file in files)
        return load_programmes(replace(knowledge, root=tmp_path, notices=notices, programme_files=read))["example"]

    return load


def test_twelve_notices_of_one_place_need_thirteen_compilations(extended: Load, compiled: list[int]) -> None:
    extended(["本溪"] * 12)
    assert sorted(compiled) == list(range(13))


def test_notices_of_different_cities_never_speak_together(extended: Load, compiled: list[int]) -> None:
    programme = extended(["辽宁", "本溪", "沈阳"] * 4)
    assert len(compiled) <= 1 + 4 + 8 + 8
    together = [{programme.overlays[i].place for i in chosen} for chosen in programme.localised]
    assert {"本溪", "辽宁"} in together and not [places for places in together if {"本溪", "沈阳"} <= places]


@pytest.mark.parametrize("place", ["本溪", "桓仁", "沈阳", "大连", "辽宁", "北京"])
def test_everywhere_and_every_day_the_latest_notice_decides(extended: Load, knowledge: Knowledge, place: str) -> None:
    where = ["辽宁", "本溪", "沈阳", "桓仁"] * 3
    engine, nested = Engine(extended(where), knowledge), places_containing(knowledge, place)
    for days in range(-1, 130):
        day = BEGIN + timedelta(days)
        most = max([i + 1 for i, there in enumerate(where) if there in nested and 10 * i <= days], default=0)
        here = engine.at(day, nested)
        verdicts = [here.programme.leaves[0].expression.evaluate({"insured_count": n}) for n in (most, most + 1)]
        assert verdicts == [True, False], day


def test_a_fault_is_found_wherever_a_notice_speaks(extended: Load) -> None:
    broken = FURTHER.replace("few:", "fwe:") % 3
    with pytest.raises(PackError) as caught:
        extended(["本溪", "沈阳", "吉林", "乌有"], demo_3=broken)  # a place that the gazetteer does not know
    error = caught.value
    assert (error.path.parent.name, error.line) == ("demo_3", 3)
    assert "fwe" in str(error) and "few" in str(error)


def test_a_later_notice_may_replace_what_an_earlier_one_added(extended: Load) -> None:
    added = "extends: example\nalso:\n- {id: old, if: insured_count >= 2, cite: [LN/一/裁员率]}\n"
    changed = "extends: example\nconditions:\n  old: {if: insured_count >= 3, cite: [LN/一/裁员率]}\n"
    programme = extended(["辽宁", "本溪"], demo_0=added, demo_1=changed)
    last = programme.at(date(2023, 1, 1), ("本溪", "辽宁"))
    assert [leaf.expression.text for leaf in last.leaves] == ["insured_count <= 0", "insured_count >= 3"]
