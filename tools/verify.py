"""The long checks, run by hand: every test, those too long for CI included, and the cases against every small slip of
the rules (`wengang check --mutate`). `make verify` writes var/verify.md; with ARGS=--properties it only tries the
properties of decisions on at least ten thousand random draws each, and writes docs/properties.md; with
ARGS=--simulated it lets a simulated user hold 300 conversations, and writes docs/simulated_user.md
(`--simulated --seed N` plays one of them again); with ARGS=--wechat it sends 21,000 damaged and absurd messages to the
official account, and writes docs/wechat.md; with ARGS=--soak a server works for half an hour
(`--soak --minutes N`: for N minutes), and docs/soak.md says whether it grew or slowed down.

A long test is marked `@pytest.mark.verify` and may read WENGANG_VERIFY to search further; pages are looked at in more
sizes, schemes and sizes of letters (`looks` in tests/browsing.py).
"""

import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from machine import ROOT, heading

REPORT = ROOT / "var" / "verify.md"
PROPERTIES, PROPERTIES_REPORT = "tests/eligibility/test_decision_properties.py", ROOT / "docs" / "properties.md"
FAULTS, FAULTS_REPORT = "tests/faults", ROOT / "docs" / "faults.md"
WECHAT, WECHAT_REPORT = "tests/bot/channels/wechat", ROOT / "docs" / "wechat.md"
SOAK = ROOT / "tools" / "soak.py"
SIMULATED = ROOT / "tests" / "conversations" / "simulated" / "report.py"
RESULTS = ROOT / "var" / "verify.xml"
SLOWEST = 10


def run_tests(arguments: list[str]) -> tuple[int, str]:
    """Run pytest, show what it says, and return its code and closing line."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", "verify or not verify", f"--junitxml={RESULTS}", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "WENGANG_VERIFY": "1"}, stdout=subprocess.PIPE, text=True
    )
    closing = ""
    for line in process.stdout or ():
        print(line, end="", flush=True)
        if re.search(r"\d+ (passed|failed|errors?|skipped).* in [\d.]+s", line):
            closing = line.strip(" =\n")
    return process.wait(), closing


def run_check() -> tuple[int, list[str]]:
    """Run every check of the packs and every mutant of the rules, show what they say, and return code and lines."""
    command = [sys.executable, "-m", "bot.cli", "check", "--mutate"]
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(process.stdout, flush=True)
    return process.returncode, process.stdout.splitlines()


def rows(results: Path) -> list[str]:
    """Return one table row per test file, then the slowest tests."""
    files: dict[str, list[ElementTree.Element]] = defaultdict(list)
    for case in ElementTree.parse(results).iter("testcase"):
        parts = case.get("classname", "").split(".")
        files["/".join(part for part in parts if not part[:1].isupper()) + ".py"].append(case)
    lines = ["| 文件 | 测试 | 未过 | 跳过 | 秒 |", "|---|---:|---:|---:|---:|"]
    for name, cases in sorted(files.items()):
        bad = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
        skipped = sum(case.find("skipped") is not None for case in cases)
        lines.append(f"| `{name}` | {len(cases)} | {bad} | {skipped} | {sum(map(_seconds, cases)):.1f} |")
    slowest = sorted((case for cases in files.values() for case in cases), key=_seconds, reverse=True)[:SLOWEST]
    lines += ["", f"最慢的 {len(slowest)} 个：", ""]
    return lines + [f"- {_seconds(case):.1f} 秒 `{case.get('classname')}::{case.get('name')}`" for case in slowest]


def drawn(results: Path, what: str = "全部事项的性质，随机抽取") -> list[str]:
    """Return one line for each test that counted its random draws (``record_property``)."""
    kept = ((one.get("name", ""), one.get("value", "")) for one in ElementTree.parse(results).iter("property"))
    counted = [(name, int(value)) for name, value in kept if not name.startswith("hypothesis-")]  # its own statistics
    lines = [f"- `{name}`：{count:,} 次" for name, count in counted]
    total = sum(count for _, count in counted)
    return [f"{what} {total:,} 次：", "", *lines] if lines else []


def _seconds(case: ElementTree.Element) -> float:
    return float(case.get("time") or 0)


def properties() -> int:
    """Run the properties of decisions, write their report, and return 0 if they hold."""
    lines = heading("判断的性质", "make verify ARGS=--properties", "tools/verify.py")
    code, closing = run_tests([PROPERTIES])
    lines += [f"结果：**{closing}**（退出码 {code}）", "", *rows(RESULTS), "", *drawn(RESULTS), ""]
    PROPERTIES_REPORT.write_text("\n".join(lines), encoding="utf-8")
    print(f"→ {PROPERTIES_REPORT.relative_to(ROOT)}")
    return code


def faults() -> int:
    """Kill, stop and fill up servers under 2,000 turns, write the report, and return 0 if nothing was lost."""
    lines = heading("故障试验", "make verify ARGS=--faults", "tools/verify.py")
    code, closing = run_tests([FAULTS])
    lines += [f"结果：**{closing}**（退出码 {code}）", "", *rows(RESULTS), ""]
    FAULTS_REPORT.write_text("\n".join(lines), encoding="utf-8")
    print(f"→ {FAULTS_REPORT.relative_to(ROOT)}")
    return code


def wechat() -> int:
    """Send 21,000 damaged and absurd bodies to /wechat, wait for its five seconds as they are, and write the report.

    Returns 0 if all of it went well.
    """
    lines = heading("公众号", "make verify ARGS=--wechat", "tools/verify.py")
    in_real_time = f"{WECHAT}/test_emulated_five_seconds.py::test_in_real_time"
    code, closing = run_tests([f"{WECHAT}/test_wechat_fuzz.py", in_real_time])
    sent = drawn(RESULTS, "改坏的、离谱的消息，服务器没有一次出错（5xx），共")
    lines += [f"结果：**{closing}**（退出码 {code}）", "", *rows(RESULTS), "", *sent, ""]
    WECHAT_REPORT.write_text("\n".join(lines), encoding="utf-8")
    print(f"→ {WECHAT_REPORT.relative_to(ROOT)}")
    return code


def main() -> int:
    """Run, write the report, and return 0 if all is well. Other arguments go to pytest: only these tests are run."""
    if sys.argv[1:] == ["--properties"]:
        return properties()
    if sys.argv[1:] == ["--faults"]:
        return faults()
    if sys.argv[1:] == ["--wechat"]:
        return wechat()
    if sys.argv[1:2] == ["--simulated"]:
        return subprocess.run([sys.executable, str(SIMULATED), *sys.argv[2:]], cwd=ROOT).returncode
    if sys.argv[1:2] == ["--soak"]:
        return subprocess.run([sys.executable, str(SOAK), *sys.argv[2:]], cwd=ROOT).returncode
    lines = heading("长检查", "make verify", "tools/verify.py")
    began = time.perf_counter()
    code, closing = run_tests(sys.argv[1:])
    if RESULTS.exists() and not sys.argv[1:]:
        lines += [
            f"结果：**{closing}**（共 {time.perf_counter() - began:.0f} 秒，退出码 {code}）",
            "",
            *rows(RESULTS),
            "",
            *drawn(RESULTS),
            "",
        ]
        began = time.perf_counter()
        checked, told = run_check()
        code = code or checked
        lines += ["## 政策包和改错试验", ""]
        lines += [f"`wengang check --mutate`：{time.perf_counter() - began:.0f} 秒，退出码 {checked}。", ""]
        lines += ["```text", *told, "```", ""]
        REPORT.write_text("\n".join(lines), encoding="utf-8")
        print(f"→ {REPORT.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
