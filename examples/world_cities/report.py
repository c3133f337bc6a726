"""The output: steps, facts and tables. Without a terminal it is plain text."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .dataset import CityRow
from .models import City
from .totals import Comparison


class Report:
    """Writes to a console of rich. Names of cities are printed as they are: no markup, no emoji, no highlights."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(markup=False, emoji=False, highlight=False)
        self._step = 0

    def part(self, title: str) -> None:
        self._step = 0
        self.console.print()
        self.console.rule(title, style="cyan")

    def step(self, title: str) -> None:
        self._step += 1
        self.console.print()
        self.console.print(f"{self._step}  {title}", style="bold")

    def line(self, text: str, style: str | None = None) -> None:
        self.console.print(f"   {text}", style=style, soft_wrap=True)

    def fact(self, label: str, value: object) -> None:
        """Writes a line with a value at its end; numbers with thousands separated."""
        text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
        self.line(f"{label:<46} {text:>30}")

    def strays(self, rows: Sequence[CityRow]) -> None:
        """Names the cities that were not loaded, since their country is not in the list."""
        self.fact("cities left out, of an unknown country", len(rows))
        for row in rows[:5]:
            self.line(f"  {row['name']} ({row['countrycode']}, {row['population']:,} inhabitants)", style="yellow")

    def cities(self, cities: Iterable[City]) -> None:
        rows = [(city.name, f"{city.population:,}", city.timezone) for city in cities]
        self._table(("city", "inhabitants", "time zone"), rows, numbers={"inhabitants"})

    def comparison(self, rows: Iterable[Comparison]) -> None:
        shown = [(*row[:3], "same" if row.same else "DIFFERENT") for row in rows]
        self._table(("total", "data set", "database", ""), shown, numbers={"data set", "database"})

    def _table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: set[str]) -> None:
        table = Table(box=box.SIMPLE)
        for column in columns:
            table.add_column(column, justify="right" if column in numbers else "left")
        for row in rows:
            table.add_row(*row)
        self.console.print(Padding(table, (0, 0, 0, 1), expand=False))

    @contextmanager
    def progress(self, label: str, total: int) -> Generator[Callable[[int], None]]:
        """Shows how far the block is, which calls what it gets with the number of items that are done."""
        columns = (TextColumn("  "), BarColumn(bar_width=20), Done(), TimeElapsedColumn())
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(label, total=total)

            def advance(number: int) -> None:
                progress.advance(task, number)

            yield advance


class Done(ProgressColumn):
    """How many items are done, and how many in a second."""

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed or 0
        return Text(f"{task.completed:,} of {task.total or 0:,} {task.description}, {rate:,.0f}/s")
