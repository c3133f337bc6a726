"""The package as its users get it: the wheel, installed without extras, and what it imports."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

import dalkit
from tests.test_documentation import blocks_in

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/dalkit"
MODULES = sorted(SOURCE.rglob("*.py"))

DRIVERS = ("sqlite3", "aiosqlite", "psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb", "asyncmy", "aiomysql")
LATE = ("alembic", "greenlet", "sqlalchemy.ext.asyncio", *DRIVERS)
"""What `import dalkit` must leave to those who need it."""

USERS_MODULE = """
from __future__ import annotations

from typing import assert_type

from sqlalchemy.orm import Mapped, mapped_column

from dalkit import Base, DatabaseManager, Repository, UnitOfWork


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Shop(UnitOfWork):
    users: Repository[User]


def names(db: DatabaseManager) -> list[str]:
    with Shop(db) as shop:
        assert_type(shop.users.get(1), User | None)
        return [user.name for user in shop.users.find(User.name != "")]
"""


def run(*command: str | Path, folder: Path) -> str:
    """Runs a command away from the project, so that nothing but what is installed can be imported."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MYPYPATH"}}
    done = subprocess.run(
        [str(each) for each in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("dalkit-*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds dalkit without extras, on the SQLAlchemy that runs here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pinned = f"sqlalchemy=={version('sqlalchemy')}"
    run(sys.executable, "-m", "pip", "--python", found, "install", "--quiet", wheel, pinned, folder=folder)
    return found


def test_importing_dalkit_leaves_drivers_and_the_async_world_alone(python: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['greenlet'] = None; import dalkit; print(*sys.modules, sep='\\n')"
    loaded = set(run(python, "-I", "-W", "error", "-c", code, folder=tmp_path).split()) - {"greenlet"}
    assert "dalkit" in loaded
    assert [
        name for name in sorted(loaded) if name.startswith(tuple(f"{each}." for each in LATE)) or name in LATE
    ] == []
    assert [name for name in sorted(loaded) if name.startswith("sqlalchemy.dialects.")] == []


def test_the_readme_runs_without_extras(python: Path, tmp_path: Path) -> None:
    blocks = blocks_in(ROOT / "README.md", "python")
    assert blocks
    (tmp_path / "readme.py").write_text("\n".join(block.text for block in blocks), "utf-8")
    run(python, "-I", "-W", "error", "readme.py", folder=tmp_path)


def test_a_users_module_type_checks_against_the_wheel(python: Path, tmp_path: Path) -> None:
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed: pip install --group types")
    (tmp_path / "shop.py").write_text(USERS_MODULE, "utf-8")
    run(
        *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", python, "shop.py"),
        folder=tmp_path,
    )


def test_the_wheel_holds_the_package_its_licence_and_nothing_else(wheel: Path, tmp_path: Path) -> None:
    names = set(run(sys.executable, "-m", "zipfile", "-l", wheel, folder=tmp_path).split())
    assert {"dalkit/__init__.py", "dalkit/aio/__init__.py", "dalkit/py.typed"} <= names
    tops = {name.partition("/")[0] for name in names if "/" in name and name[0].isalpha()}
    assert tops == {"dalkit", f"dalkit-{version_of(wheel)}.dist-info"}
    assert f"dalkit-{version_of(wheel)}.dist-info/licenses/LICENSE" in names


def test_the_wheel_has_the_version_that_the_package_tells(wheel: Path) -> None:
    assert version_of(wheel) == dalkit.__version__


def version_of(wheel: Path) -> str:
    return wheel.name.split("-")[1]


def imported_modules(file: Path) -> Iterator[str]:
    """The modules that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_only_the_async_package_imports_what_needs_greenlet(file: Path) -> None:
    imported = list(imported_modules(file))
    forbidden = ("greenlet", "alembic") if (SOURCE / "aio") in file.parents else LATE
    assert [name for name in imported if f"{name}.".startswith(tuple(f"{each}." for each in forbidden))] == []


IMPORT_EVERYTHING = """
import pkgutil, sys

def refuse(event, arguments):
    if event in {"sqlite3.connect", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"}:
        raise RuntimeError(event)

sys.addaudithook(refuse)
sys.path.insert(0, sys.argv[1])
import dalkit
for module in pkgutil.walk_packages(dalkit.__path__, "dalkit."):
    __import__(module.name)
"""


def test_importing_every_module_opens_no_connection(tmp_path: Path) -> None:
    run(sys.executable, "-P", "-W", "error", "-c", IMPORT_EVERYTHING, SOURCE.parent, folder=tmp_path)
