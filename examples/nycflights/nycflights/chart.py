"""The picture: how delays grow through the day, and where they are worst."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {"EWR": "#c2452d", "JFK": "#2a6f97", "LGA": "#e09f3e"}
INK, FAINT = "#333333", "#999999"


def draw(hourly: pd.DataFrame, routes: pd.DataFrame) -> bytes:
    """Draw both halves.

    Args:
        hourly: mean departure delay in minutes, one row an hour, one column an origin.
        routes: ``route``, ``origin`` and ``arrival_delay`` in minutes, worst first.

    Returns:
        A PNG of 1,200 × 480 pixels.
    """
    # No pyplot: figures of its own keep no state, and need no screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12, wspace=0.04)
    figure = Figure(figsize=(12, 4.8), dpi=100, layout=layout)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    _lines(left, hourly)
    _bars(right, routes)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK, length=0)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _lines(axes: Axes, hourly: pd.DataFrame) -> None:
    axes.set_title("Delays build up through the day", loc="left", color=INK, weight="bold")
    axes.set_xlabel("hour of scheduled departure", color=FAINT)
    axes.set_ylabel("mean departure delay, minutes", color=FAINT)
    for origin, delays in hourly.items():
        known = delays.dropna()
        axes.plot(known.index, known, color=COLORS.get(str(origin), FAINT), linewidth=2.2, label=origin)
    axes.grid(axis="y", color="#eeeeee")
    axes.set_axisbelow(True)
    axes.set_xticks(range(5, 24, 3), [f"{hour}:00" for hour in range(5, 24, 3)])
    axes.legend(frameon=False, loc="upper left")


def _bars(axes: Axes, routes: pd.DataFrame) -> None:
    axes.set_title("The worst routes", loc="left", color=INK, weight="bold")
    axes.set_xlabel("mean delay on arrival, minutes", color=FAINT)
    upward = routes.iloc[::-1]
    colors = [COLORS.get(origin, FAINT) for origin in upward["origin"]]
    bars = axes.barh(upward["route"], upward["arrival_delay"], color=colors, height=0.7)
    axes.bar_label(bars, fmt="%.0f", padding=3, color=INK)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
