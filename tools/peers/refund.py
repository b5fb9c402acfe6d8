"""稳岗返还 in three other rule engines: run by tools/bench.py with a Python of its own, where they are installed.

Reads {"whole": [{"facts", "fen"}], "open": [facts], "runs"} from standard input and writes one row an engine as JSON:
how often it gives the same result where all facts are known (`fen`: the cap, or -1 for a no), how long that takes, and
what it does with the `open` ones, where the verdict turns on a fact that is missing.
Every engine gets the rule as its own authors would write it, prepared once; dates come as whole numbers (20211231) and
money in fen, because not all of them have dates and exact decimals.
"""

import json
import sys
import time
from importlib.metadata import version
from statistics import median

UNITS = ["enterprise", "social_organization", "foundation", "social_service_agency", "law_firm", "accounting_firm"]
UNITS.append("individual_business_insured_as_unit")
NEEDED = ["unit_kind", "insured_in_liaoning", "insured_count", "layoff_count", "insured_count_end_2020"]
NEEDED += ["application_day", "region_reserve_months", "premium_fen", "enterprise_size"]


def zen():
    """GoRules ZEN, a compiled expression."""
    import zen as engine

    rule = f"""unit_kind in {UNITS} and insured_in_liaoning
        and (layoff_count * 100 <= insured_count * 6
             or insured_count <= 30 and layoff_count * 100 <= insured_count * 20)
        and (insured_count_end_2020 <= 200 or application_day <= 20211231) and region_reserve_months >= 12
        ? floor(premium_fen * (unit_kind == 'enterprise' and enterprise_size == 'large' ? 30 : 60) / 100) : -1"""
    compiled = engine.compile_expression(" ".join(rule.split()))
    return lambda facts: int(compiled.evaluate(facts))


def cel():
    """Google's Common Expression Language, in its Python implementation."""
    import celpy

    rule = f"""unit_kind in {UNITS} && insured_in_liaoning
        && (layoff_count * 100 <= insured_count * 6
            || insured_count <= 30 && layoff_count * 100 <= insured_count * 20)
        && (insured_count_end_2020 <= 200 || application_day <= 20211231) && region_reserve_months >= 12
        ? premium_fen * (unit_kind == 'enterprise' && enterprise_size == 'large' ? 30 : 60) / 100 : -1"""
    environment = celpy.Environment()
    program = environment.program(environment.compile(" ".join(rule.split())))
    return lambda facts: int(program.evaluate(celpy.json_to_cel(facts)))


def openfisca():
    """OpenFisca: entities, variables and formulas over a period; a situation is built for each decision."""
    from openfisca_core import periods
    from openfisca_core.entities import build_entity
    from openfisca_core.simulation_builder import SimulationBuilder
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    person = build_entity("person", "persons", "", is_person=True)
    system = TaxBenefitSystem([person])

    def variable(name, kind, formula=None):
        parts = {"value_type": kind, "entity": person, "definition_period": periods.YEAR, "label": name}
        parts |= {"formula": formula} if formula else {}
        system.add_variable(type(name, (Variable,), parts))

    for name, kind in (("unit_kind", str), ("enterprise_size", str), ("insured_in_liaoning", bool)):
        variable(name, kind)
    for name in NEEDED:
        if name not in ("unit_kind", "enterprise_size", "insured_in_liaoning"):
            variable(name, float if name == "premium_fen" else int)

    def formula(unit, period):
        import numpy

        get = lambda name: unit(name, period)  # noqa: E731
        kind, insured, laid_off = get("unit_kind"), get("insured_count"), get("layoff_count")
        rate = (laid_off * 100 <= insured * 6) + (insured <= 30) * (laid_off * 100 <= insured * 20)
        in_time = (get("insured_count_end_2020") <= 200) + (get("application_day") <= 20211231)
        met = numpy.isin(kind, UNITS) * get("insured_in_liaoning") * rate * in_time
        met = met * (get("region_reserve_months") >= 12)
        share = numpy.where((kind == "enterprise") * (get("enterprise_size") == "large"), 30, 60)
        return numpy.where(met, numpy.floor(get("premium_fen") * share / 100), -1)

    variable("refund_fen", float, formula)

    def decide(facts):
        situation = {"persons": {"unit": {name: {"2021": value} for name, value in facts.items()}}}
        return int(SimulationBuilder().build_from_entities(system, situation).calculate("refund_fen", "2021")[0])

    return decide


PEERS = {"OpenFisca": ("openfisca-core", openfisca), "ZEN": ("zen-engine", zen), "CEL": ("cel-python", cel)}


def measure(prepare, asked):
    """Return what one engine does with the cases."""
    decide = prepare()
    took, same = [], 0
    for case in asked["whole"]:
        same += decide(case["facts"]) == case["fen"]
        each = []
        for _ in range(asked["runs"]):
            began = time.perf_counter()
            decide(case["facts"])
            each.append((time.perf_counter() - began) * 1e6)
        took.append(median(each))
    return {"micros": median(took), "same": same, "decides": sum(_decides(decide, facts) for facts in asked["open"])}


def _decides(decide, facts):
    try:
        decide(facts)
    except Exception:  # each engine has its own way to say that a name is not there
        return False
    return True


def main():
    """Measure every engine that is there."""
    asked = json.load(sys.stdin)
    rows = []
    for name, (package, prepare) in PEERS.items():
        row = {"name": name}
        try:
            row |= {"version": version(package), **measure(prepare, asked)}
        except Exception as error:  # one that is missing or broken does not keep the others
            row["error"] = f"{type(error).__name__}: {error}"
        rows.append(row)
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
