"""
The floor of deciding must answer what the library answers; a floor that does less would prove nothing.
"""

from __future__ import annotations

from typing import Any

from benchmarks.office import RIGHT, WRONG, Office, PlainOffice, payload_on
from zhiwen_flow.errors import PayloadError
from zhiwen_flow.model import Actor

ASKED = 2_000
NOBODY = Actor(id="p-3", post="no_such_post")
ROLELESS = Actor(id="p-4", post="unit_0.post_0")
FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"extra": "x"},
    {"measure": "no_such_measure"},
    {"post": "no_such_post"},
    {"gravity": "no_such_code"},
    {"gravity": 3},
    {"reason": " "},
    {"reason": "长" * 201},
    {"reason": "\ud800"},
    {"reason": "in ASCII"},
    {"on": "20110901"},
    {"on": "2011-02-30"},
    {"on": None},
)
"""What is changed in a sound form; only the first and the one in ASCII stay sound."""


def agree(office: Office) -> None:
    """
    Ask both sides the same.

    Raises:
        SystemExit: they do not answer alike.
    """
    for actor in (RIGHT, WRONG, NOBODY, ROLELESS):
        ours, floor = Office(actor, office.directory), PlainOffice(office, actor)
        for number in range(ASKED):
            if ours.judged(number).decision.allowed is not floor.allowed(number):
                raise SystemExit(f"floor and library answer {actor.post} differently on {ours.posts[number]}")
    form = office.bench.forms[id(office.bench.machine.transitions[0])]
    sound = payload_on(office.posts[0])
    asked = [sound | each for each in FORMS] + [{n: v for n, v in sound.items() if n != name} for name in sound]
    for each in asked:
        try:
            fits = bool(form.check(each))
        except PayloadError:
            fits = False
        if fits is not floor.fits(each):
            raise SystemExit(f"floor and library check this form differently: {each}")
