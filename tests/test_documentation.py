"""The documentation says what is so: its Python runs, its commands and its links exist, its reference is complete.

The ```python blocks of a page are one module: they run in order, in an interpreter of their own, in an empty folder,
with warnings as errors. `await` is allowed at the top level. What a block prints must be told in the block, line by
line, by comments that begin with `# ->`:

    print(1 + 1)  # -> 2
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import importlib
import inspect
import io
import os
import re
import subprocess
import sys
import tokenize
import tomllib
import traceback
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from types import FunctionType, ModuleType
from typing import Any

import pytest

import dalkit

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
LANGUAGES = frozenset({"python", "console", "toml", "sql", "text"})
PUBLIC_MODULES = (
    "dalkit",
    "dalkit.aio",
    "dalkit.config",
    "dalkit.database",
    "dalkit.errors",
    "dalkit.models",
    "dalkit.query",
    "dalkit.repositories",
    "dalkit.session",
    "dalkit.types",
    "dalkit.unit_of_work",
)

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
INLINE_CODE = re.compile(r"`[^`\n]*`")
OUTPUT = "# ->"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    line: int
    """Where its text begins in the page, from 1."""
    text: str


class PageError(Exception):
    """A page that says what is not so; the message begins with its name and line."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, without their indentation."""
    found: list[Block] = []
    numbered = enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)
    for number, line in numbered:
        if opening := FENCE.match(line):
            indent = len(opening["indent"])
            lines: list[str] = []
            for _, inner in numbered:
                if inner.strip() == opening["fence"]:
                    break
                lines.append(inner[indent:])
            else:
                raise PageError(f"{name_of(page)}:{number}: the block is not closed")
            found.append(Block(opening["info"].strip(), number + 1, "\n".join(lines) + "\n"))
    return found


def blocks_in(page: Path, language: str) -> list[Block]:
    return [block for block in blocks_of(page) if block.language == language]


def prose_of(page: Path) -> list[tuple[int, str]]:
    """The lines of a page with their numbers, without blocks and inline code."""
    text = page.read_text(encoding="utf-8").splitlines()
    for block in blocks_of(page):
        for number in range(block.line, block.line + block.text.count("\n")):
            text[number - 1] = ""
    return [(number, INLINE_CODE.sub("", line)) for number, line in enumerate(text, start=1)]


# Running a page, in the child process


def run_page(page: Path) -> None:
    """Runs the Python of a page as one module, which annotations and pickles can import."""
    module = ModuleType("page")
    vars(module)["__builtins__"] = builtins
    sys.modules[module.__name__] = module
    with asyncio.Runner() as runner:
        for block in blocks_in(page, "python"):
            run_block(page, block, module, runner)


def run_block(page: Path, block: Block, module: ModuleType, runner: asyncio.Runner) -> None:
    """Runs one block, and compares what it prints with what it says."""
    printed = io.StringIO()
    source = "\n" * (block.line - 1) + block.text
    try:
        code = compile(source, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        with redirect_stdout(printed):
            result = FunctionType(code, vars(module))()
            if inspect.iscoroutine(result):
                runner.run(result)
    except Exception as error:
        raise PageError(report(page, block, error)) from None
    compare_output(page, block, printed.getvalue().splitlines())


def report(page: Path, block: Block, error: Exception) -> str:
    """Tells where in the page an error arose, with the traceback from there on."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(page)]
    syntax = error.lineno if isinstance(error, SyntaxError) else None
    line = syntax or (frames[-1].lineno if frames else block.line)
    details = "".join(traceback.format_exception(error))
    return f"{name_of(page)}:{line}: {type(error).__name__}: {error}\n{details}"


def compare_output(page: Path, block: Block, printed: list[str]) -> None:
    told = told_output(block)
    for (line, expected), actual in zip(told, printed, strict=False):
        if actual.rstrip() != expected:
            raise PageError(f"{name_of(page)}:{line}: it printed {actual!r}, the page says {expected!r}")
    if len(printed) != len(told):
        raise PageError(f"{name_of(page)}:{block.line}: it printed {len(printed)} line(s), the page tells {len(told)}")


def told_output(block: Block) -> list[tuple[int, str]]:
    """The output that the comments of a block tell, with line numbers in the page."""
    tokens = tokenize.generate_tokens(io.StringIO(block.text).readline)
    return [
        (block.line + token.start[0] - 1, token.string.removeprefix(OUTPUT).strip())
        for token in tokens
        if token.type == tokenize.COMMENT and token.string.startswith(OUTPUT)
    ]


if __name__ == "__main__":
    try:
        run_page(Path(sys.argv[1]))
    except PageError as error:
        sys.exit(str(error))


# The tests


def by_name(pages: list[Path]) -> Any:
    return pytest.mark.parametrize("page", pages, ids=name_of)


def runnable_pages() -> list[Path]:
    return [page for page in PAGES if blocks_in(page, "python")]


def outcome(page: Path, folder: Path) -> str:
    """What a page that is run in `folder` complains about: nothing, if all is well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    environment["PYTHONPATH"] = str(Path(dalkit.__file__).parent.parent)  # the one that the other tests import
    command = [sys.executable, "-P", "-X", "utf8", "-W", "error", __file__, str(page)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return done.stderr + done.stdout or (f"exit status {done.returncode}" if done.returncode else "")


@by_name(runnable_pages())
def test_the_python_of_a_page_runs_and_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    complaint = outcome(page, tmp_path)
    if complaint:
        pytest.fail(complaint, pytrace=False)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("print(1)  # -> 2", "bad.md:4: it printed '1', the page says '2'"),
        ("print(1)", "bad.md:4: it printed 1 line(s), the page tells 0"),
        ("# -> 1", "bad.md:4: it printed 0 line(s), the page tells 1"),
        ("1 / 0", "bad.md:4: ZeroDivisionError: division by zero"),
        ("(", "bad.md:4: SyntaxError: '(' was never closed"),
        ("import warnings; warnings.warn('deprecated')", "bad.md:4: UserWarning: deprecated"),
        ("open('file', 'w')", "ResourceWarning: unclosed file"),
        ("import asyncio; asyncio.sleep(0)", "RuntimeWarning: coroutine 'sleep' was never awaited"),
        ("import asyncio; await asyncio.sleep(0); assert False", "bad.md:4: AssertionError"),
    ],
)
def test_a_page_that_says_what_is_not_so_fails(code: str, complaint: str, tmp_path: Path) -> None:
    page = tmp_path / "bad.md"
    page.write_text(f"# Bad\n\n```python\n{code}\n```\n")
    assert complaint in outcome(page, tmp_path)


@by_name(PAGES)
def test_every_block_is_in_a_language_that_is_checked(page: Path) -> None:
    strangers = [
        f"{name_of(page)}:{block.line - 1} {block.language!r}"
        for block in blocks_of(page)
        if block.language not in LANGUAGES
    ]
    assert strangers == []


@by_name(PAGES)
def test_commands_name_what_the_project_has(page: Path) -> None:
    commands = "\n".join(block.text for block in blocks_in(page, "console"))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", commands)) <= targets
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {extra.strip() for group in re.findall(r"dalkit\[([^]]*)\]", commands) for extra in group.split(",")}
    assert wanted <= set(project["optional-dependencies"])


@by_name(PAGES)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    dead = [
        f"{name_of(page)}:{number} {link['target']}"
        for number, line in prose_of(page)
        for link in LINK.finditer(line)
        if not re.match(r"[a-z]+:|#", link["target"]) and not (page.parent / link["target"].partition("#")[0]).exists()
    ]
    assert dead == []


def test_the_navigation_lists_each_page_once() -> None:
    nav = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2].partition("\n\n")[0]
    listed = re.findall(r"([\w./-]+\.md)\s*$", nav, re.MULTILINE)
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


@pytest.mark.parametrize("module_name", PUBLIC_MODULES)
def test_the_reference_has_every_public_name(module_name: str) -> None:
    text = "\n".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    documented = [resolve_name(path) for path in re.findall(r"^::: ([\w.]+)", text, re.MULTILINE)]
    whole = [each for each in documented if isinstance(each, ModuleType)]
    held = [getattr(each, name) for each in whole for name in each.__all__]
    module = importlib.import_module(module_name)
    missing = [name for name in module.__all__ if not is_among(getattr(module, name), documented + held)]
    assert missing == []


def is_among(wanted: object, objects: list[Any]) -> bool:
    return any(wanted is each for each in objects)
