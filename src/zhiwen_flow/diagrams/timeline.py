"""
Draw a plan as a timeline (方案时间图): phases as bars, deadlines as marks, in SVG, Mermaid or DOT.
"""

from __future__ import annotations

import datetime as dt

from zhiwen_flow.diagrams.dot import quoted as dot_quoted
from zhiwen_flow.diagrams.svg import BLUE, GREY, INK, LEFT, PAGE, RED, SMALL, clean, text
from zhiwen_flow.diagrams.text import FONTS, width, wrapped
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.plan import Phase, Plan, Task

_AXIS, _BAR, _ROW = 250.0, 20.0, 17.0


def draw_plan(plan: Plan, format: str) -> str:
    """
    Draw a plan (方案出图).

    Args:
        format: ``"mermaid"``, ``"dot"`` or ``"svg"``.

    Raises:
        UnknownNameError: no such format.
    """
    if format == "svg":
        return _svg(plan)
    if format == "mermaid":
        return _mermaid(plan)
    if format == "dot":
        return _dot(plan)
    raise UnknownNameError("format", format, ("mermaid", "dot", "svg"))


def _days(plan: Plan) -> tuple[dt.date, dt.date] | None:
    days = [day for each in plan.phases for day in (each.start, each.end) if day is not None]
    days += [day for _, task in plan.tasks for day in (task.due, task.start, task.end) if day is not None]
    return (min(days), max(days)) if days else None


def _svg(plan: Plan) -> str:
    span = _days(plan)
    parts, y = _heading(plan), 84.0
    if span is not None:
        parts += _months(span, y)
    for phase in plan.phases:
        y += 26
        parts += _bar(phase, span, y)
        for task in phase.tasks:
            for number, line in enumerate(wrapped(f"{task.number}. {task.name}", SMALL, _AXIS - LEFT - 30)):
                y += _ROW
                parts.append(text(LEFT + 16, y + 14, line, SMALL, GREY))
                if not number:
                    parts += _mark(task, span, y + 10)
    y += 40
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {PAGE:.0f} {y:.0f}" width="{PAGE:.0f}" '
        f'height="{y:.0f}" font-family="{FONTS}">'
    )
    back = f'<rect width="{PAGE:.0f}" height="{y:.0f}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{clean(plan.title)}</title>", back, *parts, "</svg>"]) + "\n"


def _heading(plan: Plan) -> list[str]:
    return [text(LEFT, 34, plan.title, 18, INK, bold=True), text(LEFT, 54, f"{plan.organ} · {plan.id}", SMALL, GREY)]


def _x(day: dt.date, span: tuple[dt.date, dt.date]) -> float:
    total = max((span[1] - span[0]).days + 1, 1)
    return _AXIS + (PAGE - LEFT - _AXIS) * (day - span[0]).days / total


def _months(span: tuple[dt.date, dt.date], y: float) -> list[str]:
    parts, day = [], span[0]
    while day <= span[1]:
        if day == span[0] or day.day == 1:
            x = _x(day, span)
            parts.append(f'<path d="M {x:.1f} {y - 8:.1f} v 12" stroke="{GREY}"/>')
            parts.append(text(x + 3, y, f"{day.month}月{day.day}日", SMALL, GREY))
        day += dt.timedelta(days=1)
    return parts


def _bar(phase: Phase, span: tuple[dt.date, dt.date] | None, y: float) -> list[str]:
    parts = [text(LEFT, y + 15, phase.name, 14, INK, bold=True)]
    if span is None or phase.start is None or phase.end is None:
        parts.append(text(_AXIS, y + 15, phase.raw or "(未注明时间)", SMALL, GREY))
        return parts
    x, end = _x(phase.start, span), _x(phase.end + dt.timedelta(days=1), span)
    parts.append(
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{end - x:.1f}" height="{_BAR}" rx="3" fill="#dbe7f5" stroke="{BLUE}"/>'
    )
    wide = width(phase.raw or "", SMALL)
    place = x + 5 if wide + 8 < end - x else (end + 6 if end + wide < PAGE - LEFT else x - wide - 6)
    parts.append(text(place, y + 14, phase.raw or "", SMALL, INK))
    return parts


def _mark(task: Task, span: tuple[dt.date, dt.date] | None, y: float) -> list[str]:
    if span is None or task.due is None:
        return [text(_AXIS, y + 4, f"({task.raw})", SMALL, GREY)] if task.raw else []
    x = _x(task.due, span)
    mark = f'<path d="M {x:.1f} {y - 5:.1f} l 5 5 l -5 5 l -5 -5 z" fill="{RED}"/>'
    note = f"{task.raw or task.due.isoformat()}{' ' + task.deliverable if task.deliverable else ''}"
    lines = wrapped(note, SMALL, PAGE - LEFT - 8 - x) if x < PAGE - 200 else [task.raw or ""]
    place = x + 8 if x < PAGE - 200 else x - 80
    return [mark, text(place, y + 4, lines[0], SMALL, RED)]


def _mermaid(plan: Plan) -> str:
    lines = ["gantt", f"  title {_flat(plan.title)}", "  dateFormat YYYY-MM-DD"]
    for number, phase in enumerate(plan.phases):
        lines.append(f"  section {_flat(phase.name)}")
        if phase.start is not None and phase.end is not None:
            end = phase.end + dt.timedelta(days=1)
            lines.append(f"  {_flat(phase.name)} :p{number}, {phase.start.isoformat()}, {end.isoformat()}")
        for place, task in enumerate(phase.tasks):
            if task.due is not None:
                lines.append(f"  {_flat(task.name)} :milestone, p{number}t{place}, {task.due.isoformat()}, 0d")
    return "\n".join(lines) + "\n"


def _flat(words: str) -> str:
    """Colons, semicolons and hashes end a label in a Mermaid chart; their full-width forms do not."""
    table = str.maketrans({":": "：", ";": "；", "#": "＃", ",": "，", "\n": " "})
    return "".join(each for each in words.translate(table) if each.isprintable())


def _dot(plan: Plan) -> str:
    lines = [f'digraph plan {{\n  graph [rankdir=LR, label={dot_quoted(plan.title)}, fontname="{FONTS}"];']
    lines.append(f'  node [shape=box, fontname="{FONTS}"];')
    for number, phase in enumerate(plan.phases):
        told = "\n".join([phase.name, phase.raw or "", *(f"{task.number}. {task.name}" for task in phase.tasks)])
        lines.append(f"  p{number} [label={dot_quoted(told)}];")
    lines += [f"  p{number} -> p{number + 1};" for number in range(len(plan.phases) - 1)]
    return "\n".join([*lines, "}"]) + "\n"
