"""The section of tools/bench.py that measures other rule engines beside ours, on the same rule and the same cases.

They are installed from tools/peers/requirements.lock into an environment that is thrown away with the bench's folder.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench_engine import public_cases
from figure import Row
from loadtest import timed
from machine import ROOT
from servers import PROGRAMS

from eligibility import Rulebook
from eligibility.cases import arguments
from knowledge import load

PEERS = ROOT / "tools" / "peers"
PROGRAMME = "stabilisation_refund"
VERDICT = ("unit_kind", "insured_in_liaoning", "insured_count", "layoff_count")  # each alone can keep it open
WHOLE = (*VERDICT, "insured_count_end_2020", "region_reserve_months", "premium_paid_prev_year_yuan")


def peers(quick: bool, folder: Path) -> Iterator[Row]:
    """Ours, then each of the others."""
    rules, runs = Rulebook(load()), 20 if quick else 200
    asked = [arguments(rules, case) for case in public_cases() if case["programme"] == PROGRAMME]
    asked = [one for one in asked if not one["question"] and {*WHOLE} <= {*one["facts"]} and _sized(one["facts"])]
    open_ones = [{**one, "facts": _without(one["facts"], name)} for one in asked for name in VERDICT]
    open_ones = [one for one in open_ones if rules.decide(**one).verdict == "needs_info"]
    ours = median(timed(lambda one=one: rules.decide(**one), runs)[0] for one in asked)
    note = (
        f"{len(asked)} 个公开案例；连同条文、理解口径和还缺什么；少一个事实就定不下来的 {len(open_ones)} 种，都接着问"
    )
    yield Row("本助手：稳岗返还", ours, "µs", note=note)
    try:
        found = _measured(
            {
                "whole": [{"facts": _plainly(one), "fen": _cap(rules, one)} for one in asked],
                "open": [_plainly(one) for one in open_ones],
                "runs": runs,
            },
            folder / "peers",
        )
    except subprocess.CalledProcessError as error:
        yield Row(
            "OpenFisca、ZEN、CEL", note=f"装不上或跑不了：{(error.stderr or str(error)).strip().splitlines()[-1]}"
        )
        return
    for peer in found:
        name = f"{peer['name']} {peer.get('version', '')}".strip()
        if "error" in peer:
            yield Row(f"{name}：稳岗返还", note=f"跑不了：{peer['error']}")
            continue
        note = f"只有结论和上限，{len(asked)} 个里 {peer['same']} 个与本助手相同"
        note += f"；少一个事实的 {len(open_ones)} 种，照样下结论 {peer['decides']} 种"
        yield Row(f"{name}：稳岗返还", peer["micros"], "µs", note=note)


def _measured(asked: Mapping[str, Any], environment: Path) -> list[dict[str, Any]]:
    """What tools/peers/refund.py says. Raises CalledProcessError."""

    def run(*command: Any, **more: Any) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout

    python = environment / "bin" / "python"
    run(PROGRAMS / "uv", "venv", "--python", PROGRAMS / "python", environment)
    run(PROGRAMS / "uv", "pip", "install", "--python", python, "--requirements", PEERS / "requirements.lock")
    return list(json.loads(run(python, PEERS / "refund.py", input=json.dumps(asked))))


def _sized(facts: Mapping[str, Any]) -> bool:
    """Whether the cap is one sum."""
    return facts["unit_kind"] != "enterprise" or "enterprise_size" in facts


def _without(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in facts.items() if other != name}


def _plainly(one: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as whole numbers and words, for engines without dates and exact decimals."""
    facts = {name: value for name, value in one["facts"].items() if name in {*WHOLE, "enterprise_size"}}
    day = one["facts"].get("application_date") or one["as_of"]
    premium = facts.pop("premium_paid_prev_year_yuan")
    return {"enterprise_size": "", **facts, "premium_fen": int(premium * 100), "application_day": int(f"{day:%Y%m%d}")}


def _cap(rules: Rulebook, one: Mapping[str, Any]) -> int:
    amount = rules.decide(**one).amount
    return -1 if amount is None or amount.fen is None else amount.fen
