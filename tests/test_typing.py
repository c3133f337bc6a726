"""What a user's module looks like to mypy and pyright: one in tests/typing must pass, and mistakes must not.

A mistake is a line of `must_fail`. Its comment ends with the rules that report it:
`# mypy: arg-type; pyright: reportArgumentType`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
MUST_PASS = ROOT / "tests/typing/must_pass"
MUST_FAIL = ROOT / "tests/typing/must_fail"
MARK = re.compile(r"# mypy: (?P<mypy>[\w, -]+); pyright: (?P<pyright>[\w, -]+)$")

Place = tuple[str, int]
Findings = dict[Place, set[str]]
"""The rules that a checker reports, by file and line."""


def run_mypy() -> Findings:
    files = [str(each) for folder in (MUST_PASS, MUST_FAIL) for each in sorted(folder.glob("*.py"))]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--output=json", "--no-error-summary", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    return findings((each["file"], each["line"], each["code"]) for each in reports if each["severity"] == "error")


def run_pyright(folder: Path) -> Findings:
    """Runs pyright with the project's settings, over the mistakes too, which the project leaves out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pyright"]
    settings["include"] = [os.path.relpath(each, folder) for each in (MUST_PASS, MUST_FAIL)]
    settings["exclude"] = []
    settings["extraPaths"] = [os.path.relpath(each, folder) for each in (ROOT, ROOT / "src")]
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--project", str(folder), "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"], "pyright found no file"
    return findings(
        (each["file"], each["range"]["start"]["line"] + 1, each.get("rule", "syntax"))
        for each in report["generalDiagnostics"]
        if each["severity"] == "error"
    )


def findings(reports: Any) -> Findings:
    found: Findings = defaultdict(set)
    for file, line, rule in reports:
        found[str((ROOT / file).relative_to(ROOT)), line].add(rule)
    return dict(found)


@pytest.fixture(scope="module", params=["mypy", "pyright"])
def checker(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed: pip install --group types")
    return name


@pytest.fixture(scope="module")
def reported(checker: str, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return run_mypy() if checker == "mypy" else run_pyright(tmp_path_factory.mktemp("pyright"))


def marked(checker: str) -> Findings:
    """The rules that the comments expect of a checker."""
    return {
        (str(file.relative_to(ROOT)), number): set(mark[checker].replace(" ", "").split(","))
        for file in sorted(MUST_FAIL.glob("*.py"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if (mark := MARK.search(line))
    }


def within(folder: Path, found: Findings) -> Findings:
    name = str(folder.relative_to(ROOT))
    return {place: rules for place, rules in found.items() if place[0].startswith(name + os.sep)}


def test_a_module_as_users_write_it_has_no_error(reported: Findings) -> None:
    assert within(MUST_PASS, reported) == {}


def test_every_mistake_is_reported_by_the_rule_that_its_comment_names(checker: str, reported: Findings) -> None:
    expected = marked(checker)
    assert {place: rules & reported.get(place, set()) for place, rules in expected.items()} == expected


def test_nothing_but_the_mistakes_is_reported(checker: str, reported: Findings) -> None:
    unmarked = within(MUST_FAIL, reported).keys() - marked(checker).keys()
    assert {place: reported[place] for place in unmarked} == {}


def test_an_error_lies_in_the_users_module_alone(reported: Findings) -> None:
    assert within(ROOT / "src", reported) == {}


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(marked("mypy")) > 150
    assert not [
        f"{file.name}:{number}"
        for file in MUST_FAIL.glob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if "mypy:" in line and not MARK.search(line)
    ]


def test_a_module_as_users_write_it_can_be_imported() -> None:
    modules = [f"tests.typing.must_pass.{each.stem}" for each in sorted(MUST_PASS.glob("[!_]*.py"))]
    code = f"import {', '.join(modules)}; from sqlalchemy.orm import configure_mappers; configure_mappers()"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, check=True
    )
