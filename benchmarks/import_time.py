"""How long an import takes beyond that of SQLAlchemy, each time in a fresh interpreter, with its bytecode cached."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import dalkit

from .targets import OPTIONAL, installed

BEYOND = {
    "dalkit": "sqlalchemy.orm",
    "dalkit.aio": "sqlalchemy.ext.asyncio",
    f"{OPTIONAL}.repository": "sqlalchemy.orm",
}
"""What is imported, and what has been imported before."""

SCRIPT = """
import sys
from importlib import import_module
from time import perf_counter
import_module(sys.argv[2])
start = perf_counter()
import_module(sys.argv[1])
print((perf_counter() - start) * 1000)
"""


def measure(repeats: int) -> dict[str, list[float]]:
    """Returns the milliseconds of each import, interleaved."""
    modules = [module for module in BEYOND if installed(module)]
    times: dict[str, list[float]] = {module: [] for module in modules}
    with tempfile.TemporaryDirectory(prefix="dalkit-") as folder:
        environment = child_environment(Path(folder))
        for module in modules:
            import_once(module, environment)
        for _ in range(repeats):
            for module in random.sample(modules, len(modules)):
                times[module].append(import_once(module, environment))
    return times


def child_environment(bytecode: Path) -> dict[str, str]:
    """Returns this environment, with the dalkit that is imported here and a folder of our own for bytecode."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    source = str(Path(dalkit.__file__).parent.parent)
    return {**kept, "PYTHONPATH": source, "PYTHONPYCACHEPREFIX": str(bytecode)}


def import_once(module: str, environment: Mapping[str, str]) -> float:
    """Imports a module in a fresh interpreter."""
    command = [sys.executable, "-P", "-c", SCRIPT, module, BEYOND[module]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return round(float(done.stdout), 3)
