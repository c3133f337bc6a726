"""The picture: how many times as fast as SQLAlchemy by hand. It is drawn for light and dark backgrounds alike."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from .page import TITLES, targets
from .results import Results, Timing
from .targets import BASELINE, BY_NAME

COLOURS = {"dalkit": "#2a9d8f", "advanced-alchemy": "#e07a3f", "driver": "#8d99ae"}
INK = "#123456"
"""Stands for the colour of the text, which the reader's system chooses."""
STYLE = """<style>
svg { color: #333333 }
@media (prefers-color-scheme: dark) { svg { color: #dddddd } }
</style>"""

SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dalkit",
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(results: Results, path: Path) -> None:
    """Writes the picture as SVG."""
    with mpl.rc_context(SETTINGS):
        names = targets(results)
        timings = [[each for each in results.timings if each.target == name] for name in names]
        heights = [len(each) + 1 for each in timings]
        figure = Figure(figsize=(9, 0.42 * sum(heights) + 1), layout="constrained")
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for panel, name, each in zip(panels, names, timings, strict=True):
            draw_target(panel, BY_NAME[name].title.replace("`", ""), each)
        panels[-1].set_xlabel("times as fast as SQLAlchemy by hand (logarithmic)")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
    adapt(path)


def draw_target(panel: Any, title: str, timings: list[Timing]) -> None:
    """Draws one target: a group of bars for each workload."""
    contestants = [name for name in COLOURS if name in timings[0].microseconds and name != BASELINE]
    thickness = 0.8 / len(contestants)
    for place, name in enumerate(contestants):
        rows = [number + (place - (len(contestants) - 1) / 2) * thickness for number in range(len(timings))]
        widths = [median(timing.speed_ups(name)) - 1 for timing in timings]
        panel.barh(rows, widths, thickness * 0.9, left=1, color=COLOURS[name], label=TITLES[name])
    panel.axvline(1, color=INK, linewidth=1)
    panel.set_xscale("log")
    panel.set_xticks([0.5, 1, 2, 5, 10, 20], labels=["0.5", "1", "2", "5", "10", "20"])
    panel.minorticks_off()
    panel.set_yticks(range(len(timings)), labels=[timing.title.replace("`", "") for timing in timings])
    panel.invert_yaxis()
    panel.set_title(title, loc="left", fontsize="medium", fontweight="bold")
    panel.spines[["top", "right"]].set_visible(False)


def adapt(path: Path) -> None:
    """Lets the reader's system choose the colour of the text."""
    drawn = path.read_text(encoding="utf-8").replace(INK, "currentColor")
    place = drawn.index(">", drawn.index("<svg")) + 1
    adapted = f"{drawn[:place]}\n{STYLE}{drawn[place:]}"
    path.write_text("\n".join(line.rstrip() for line in adapted.splitlines()) + "\n", encoding="utf-8")
