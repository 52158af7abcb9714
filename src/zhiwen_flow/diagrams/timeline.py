"""
Draw a plan as a timeline (方案时间图): phases as bars, deadlines as marks, in SVG, Mermaid or DOT.
"""

from __future__ import annotations

import datetime as dt

from zhiwen_flow.diagrams.dot import quoted as dot_quoted
from zhiwen_flow.diagrams.svg import BLUE, GREY, INK, LEFT, PAGE, RED, SMALL, clean, headed, text
from zhiwen_flow.diagrams.text import FONTS, printable, width, wrapped
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
    parts, y = headed(plan.title, f"{plan.organ} · {plan.id}", 18)
    if span is not None:
        y += 8
        parts += _months(span, y)
    for phase in plan.phases:
        drawn, y = _phase(phase, span, y + 26)
        parts += drawn
        for task in phase.tasks:
            drawn, y = _task(task, span, y + _ROW)
            parts += drawn
    y += 40
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {PAGE:.0f} {y:.0f}" width="{PAGE:.0f}" '
        f'height="{y:.0f}" font-family="{FONTS}">'
    )
    back = f'<rect width="{PAGE:.0f}" height="{y:.0f}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{clean(plan.title)}</title>", back, *parts, "</svg>"]) + "\n"


def _x(day: dt.date, span: tuple[dt.date, dt.date]) -> float:
    total = max((span[1] - span[0]).days + 1, 1)
    return _AXIS + (PAGE - LEFT - _AXIS) * (day - span[0]).days / total


def _months(span: tuple[dt.date, dt.date], y: float) -> list[str]:
    days = [span[0] + dt.timedelta(days=number) for number in range((span[1] - span[0]).days + 1)]
    marks = [each for each in days if each == span[0] or each.day == 1]
    parts, free = [], 0.0
    for day in marks:
        x, label = _x(day, span), f"{day.month}月{day.day}日"
        parts.append(f'<path d="M {x:.1f} {y - 8:.1f} v 12" stroke="{GREY}"/>')
        if x >= free:
            parts.append(text(x + 3, y, label, SMALL, GREY))
            free = x + 3 + len(label) * SMALL * 0.75
    return parts


def _phase(phase: Phase, span: tuple[dt.date, dt.date] | None, y: float) -> tuple[list[str], float]:
    """Draw a phase's name and bar; give them with the top of its last line."""
    parts = _lines(LEFT, y + 15, wrapped(phase.name, 14, _AXIS - LEFT - 10), INK, size=14)
    told = phase.raw or ""
    if span is None or phase.start is None or phase.end is None:
        beside = wrapped(told or "(未注明时间)", SMALL, PAGE - LEFT - _AXIS)
        parts += _lines(_AXIS, y + 15, beside, GREY)
    else:
        x, end = _x(phase.start, span), _x(phase.end + dt.timedelta(days=1), span)
        box = f'x="{x:.1f}" y="{y:.1f}" width="{end - x:.1f}" height="{_BAR}" rx="3"'
        parts.append(f'<rect {box} fill="#dbe7f5" stroke="{BLUE}"/>')
        place, beside = (x + 5, [told]) if width(told, SMALL) + 8 < end - x else _beside(told, x, end)
        parts += _lines(place, y + 14, beside, INK)
    return parts, y + _ROW * (max(len(wrapped(phase.name, 14, _AXIS - LEFT - 10)), len(beside)) - 1)


def _task(task: Task, span: tuple[dt.date, dt.date] | None, y: float) -> tuple[list[str], float]:
    """Draw a task's name, its window and its deadline; give them with the top of its last line."""
    name = wrapped(f"{task.number}. {task.name}", SMALL, _AXIS - LEFT - 30)
    parts = _lines(LEFT + 16, y + 14, name, GREY)
    beside, drawn = _mark(task, span, y + 10)
    return parts + drawn, y + _ROW * (max(len(name), beside) - 1)


def _mark(task: Task, span: tuple[dt.date, dt.date] | None, y: float) -> tuple[int, list[str]]:
    """Draw what is known of a task's time, in words where it is no date; give also how many lines it takes."""
    last = task.due or task.end or task.start
    if span is None or last is None:
        lines = wrapped(f"({task.raw})", SMALL, PAGE - LEFT - _AXIS) if task.raw else []
        return len(lines), _lines(_AXIS, y + 4, lines, GREY)
    parts = []
    if task.start is not None and task.end is not None:
        x, end = _x(task.start, span), _x(task.end + dt.timedelta(days=1), span)
        parts.append(f'<rect x="{x:.1f}" y="{y - 3:.1f}" width="{end - x:.1f}" height="6" rx="3" fill="{BLUE}"/>')
    if task.due is not None:
        parts.append(f'<path d="M {_x(task.due, span):.1f} {y - 5:.1f} l 5 5 l -5 5 l -5 -5 z" fill="{RED}"/>')
    note = f"{task.raw or last.isoformat()}{' ' + task.deliverable if task.deliverable else ''}"
    place, lines = _beside(note, _x(task.start or last, span) - 4, _x(last, span) + 4)
    return len(lines), parts + _lines(place, y + 4, lines, RED if task.due else INK)


def _beside(note: str, left: float, right: float) -> tuple[float, list[str]]:
    """Place words at the right of a mark, or at its left where there is more room; broken rather than cut."""
    after, before = PAGE - LEFT - right - 6, left - _AXIS - 6
    wide = width(note, SMALL)
    if wide <= after or after >= before:
        return right + 6, wrapped(note, SMALL, after)
    lines = wrapped(note, SMALL, before)
    return left - 6 - max(width(each, SMALL) for each in lines), lines


def _lines(x: float, y: float, lines: list[str], colour: str, *, size: float = SMALL) -> list[str]:
    bold = size > SMALL
    return [text(x, y + _ROW * n, line, size, colour, bold=bold) for n, line in enumerate(lines)]


def _mermaid(plan: Plan) -> str:
    lines = ["gantt", f"  title {_flat(plan.title)}", "  dateFormat YYYY-MM-DD"]
    for number, phase in enumerate(plan.phases):
        lines.append(f"  section {_flat(phase.name)}")
        if phase.start is not None and phase.end is not None:
            end = phase.end + dt.timedelta(days=1)
            lines.append(f"  {_flat(phase.name)} :p{number}, {phase.start.isoformat()}, {end.isoformat()}")
        for place, task in enumerate(phase.tasks):
            if task.start is not None and task.end is not None:
                end = task.end + dt.timedelta(days=1)
                lines.append(f"  {_flat(task.name)} :p{number}w{place}, {task.start.isoformat()}, {end.isoformat()}")
            if task.due is not None:
                lines.append(f"  {_flat(task.name)} :milestone, p{number}t{place}, {task.due.isoformat()}, 0d")
    return "\n".join(lines) + "\n"


def _flat(words: str) -> str:
    """Colons, semicolons and hashes end a label in a Mermaid chart; their full-width forms do not."""
    table = str.maketrans({":": "：", ";": "；", "#": "＃", ",": "，", "\n": " "})
    return printable(words.translate(table))


def _dot(plan: Plan) -> str:
    lines = [f'digraph plan {{\n  graph [rankdir=LR, label={dot_quoted(plan.title)}, fontname="{FONTS}"];']
    lines.append(f'  node [shape=box, fontname="{FONTS}"];')
    for number, phase in enumerate(plan.phases):
        told = "\n".join([phase.name, phase.raw or "", *(f"{task.number}. {task.name}" for task in phase.tasks)])
        lines.append(f"  p{number} [label={dot_quoted(told)}];")
    lines += [f"  p{number} -> p{number + 1};" for number in range(len(plan.phases) - 1)]
    return "\n".join([*lines, "}"]) + "\n"
