"""What notebooks show of an object: a small table, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from conncore.errors import visible
from conncore.report.palette import BEST, MEAN

_WIDTH, _HEIGHT = 260, 60  # of a small curve, in pixels


def html_facts(title: str, facts: Mapping[str, object]) -> str:
    """Return a table of names and values. Facts that are "" or None are left out."""
    said = [(name, value) for name, value in facts.items() if value not in ("", None)]
    return html_table(title, (), said)


def html_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table. Names come from strangers' files, so all text is escaped."""
    head = "".join(f"<th>{_safe(name)}</th>" for name in header)
    body = "".join(
        "<tr>"
        + "".join(f"<td style='text-align:left'>{_safe(cell)}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    top = f"<thead><tr>{head}</tr></thead>" if header else ""
    return f"<div><b>{_safe(title)}</b><table>{top}<tbody>{body}</tbody></table></div>"


def html_curves(curves: Mapping[str, Sequence[float]]) -> str:
    """Return small curves as SVG: "best" and "mean" by generation. Gaps are left out."""
    points = {
        name: [(x, y) for x, y in enumerate(values) if abs(y) < float("inf")]
        for name, values in curves.items()
    }
    heights = [y for line in points.values() for _, y in line]
    if len(heights) < 2:
        return ""
    low, span = min(heights), (max(heights) - min(heights)) or 1.0
    last = max(x for line in points.values() for x, _ in line) or 1
    drawn = "".join(
        f"<polyline fill='none' stroke='{BEST if name == 'best' else MEAN}' points='"
        + " ".join(
            f"{x / last * _WIDTH:.1f},{(1 - (y - low) / span) * _HEIGHT:.1f}" for x, y in line
        )
        + "'/>"
        for name, line in points.items()
    )
    box = f"-2 -2 {_WIDTH + 4} {_HEIGHT + 4}"
    return (
        f"<svg viewBox='{box}' width='{_WIDTH}' height='{_HEIGHT}' role='img' "
        f"aria-label='fitness by generation' style='background:white'>{drawn}</svg>"
    )


def html_progress(done: int, total: int, text: str) -> str:
    """Return a bar of `done` of `total`, with a text beside it."""
    return (
        f"<div style='font-variant-numeric:tabular-nums'><progress value='{done}' max='{total}'>"
        f"</progress> {done}/{total}&ensp;{_safe(text)}</div>"
    )


def _safe(value: object) -> str:
    return escape(visible(str(value)))
