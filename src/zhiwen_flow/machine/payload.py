"""
Check a payload against the fields of a transition (填报内容检查): plain data in, plain data out, all faults at once.

The checks are compiled once for each transition, so that a sound payload costs one call for each field.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from zhiwen_flow.canonical import MAX_INTEGER, faults_of
from zhiwen_flow.errors import Fault, PayloadError
from zhiwen_flow.machine.definition import Field, Transition
from zhiwen_flow.terms import FieldType

Accept = Callable[[Any], Any]
MAX_ITEMS = 2000
MAX_COUNT = 10_000
ANSWERS = ("applies", "does_not_apply", "unknown")
MEETING_KEYS = {"body": str, "date": str, "due": int, "present": int, "minutes": str, "form": str, "votes": dict}
MEETING_OPTIONAL = {"observers": list, "recused": list, "ballot": str}
BALLOTS = ("secret", "open")
CONSENT_POWERS = ("reviews", "consults", "reports_before", "cosigns")
CONSENT_ANSWERS = ("agreed", "objected", "none")
MEETING_FORMS = ("meeting", "circulation")
VOTES = ("for", "against", "abstain")


class Unfit(ValueError):
    """A value does not fit its field; carries what and how to mend it (填报不合要求)."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


class Names(Protocol):
    """What the check must know of rulebook and directory (可用代码)."""

    def codes(self, catalogue: str) -> frozenset[str]:
        """Codes of a catalogue."""

    @property
    def measures(self) -> Collection[str]:
        """Measures of the rulebook."""

    @property
    def organs(self) -> Collection[str]:
        """Organs that the directory has at any time."""

    @property
    def posts(self) -> Collection[str]:
        """Posts that the directory has at any time."""


class Form:
    """
    The compiled check of one transition's fields (已编译的填报检查).

    Args:
        transition: Whose fields.
        names: Codes, measures, organs and posts that exist.
    """

    __slots__ = ("_accepts", "_required", "_where")

    def __init__(self, transition: Transition, names: Names) -> None:
        self._where = f"payload of `{transition.trigger}`"
        self._accepts: dict[str, Accept] = {each.name: _accept(each, names) for each in transition.fields}
        self._required = frozenset(each.name for each in transition.fields if each.required)

    def check(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """
        Give the payload as plain data (检查并规范填报内容); dates become ISO text.

        Raises:
            PayloadError: unknown, missing or ill-typed fields; all of them.
        """
        accepts = self._accepts
        try:
            clean = {name: accepts[name](value) for name, value in payload.items()}
        except (KeyError, Unfit, TypeError, AttributeError):
            raise PayloadError(*self._faults(payload)) from None
        if not self._required <= clean.keys():
            raise PayloadError(*self._faults(payload))
        return clean

    def _faults(self, payload: Mapping[str, Any]) -> list[Fault]:
        if not isinstance(payload, Mapping):
            return [Fault(self._where, "", "is not an object", "send the fields by name")]
        known = ", ".join(self._accepts) or "none"
        found = []
        for name, value in payload.items():
            if name not in self._accepts:
                found.append(Fault(self._where, str(name), "unknown field", f"known: {known}"))
                continue
            try:
                self._accepts[name](value)
            except Unfit as unfit:
                found.append(Fault(self._where, name, unfit.what, unfit.mend))
        missing = [name for name in self._accepts if name in self._required and name not in payload]
        return found + [Fault(self._where, name, "is missing", "fill it in") for name in missing]


def _accept(field: Field, names: Names) -> Accept:
    one = _one(field, names)
    return _many(one) if field.many else one


def _many(one: Accept) -> Accept:
    def accept(value: Any) -> list[Any]:
        if type(value) not in (list, tuple):
            raise Unfit("a list is expected", "send [ … ]")
        if len(value) > MAX_ITEMS:
            raise Unfit(f"has more than {MAX_ITEMS} items", "split it over several requests")
        return [one(each) for each in value]

    return accept


def _one(field: Field, names: Names) -> Accept:
    kind = field.type
    if kind in _FIXED:
        return _FIXED[kind]
    if kind is FieldType.CODE:
        codes = names.codes(field.codes or "")
        return _known(codes.__contains__, f"code of `{field.codes}`", codes)
    if kind is FieldType.ORGAN:
        return _known(names.organs.__contains__, "organ of the directory")
    if kind is FieldType.POST:
        return _known(names.posts.__contains__, "post of the directory")
    if kind is FieldType.MEASURE:
        return _known(names.measures.__contains__, "measure of the rulebook")
    if kind is FieldType.ASSESSMENT:
        return _assessment(names.codes(field.codes or ""))
    if kind is FieldType.CONSENT:
        return _consent(names)
    if kind is FieldType.FINDING:
        return _finding(names)
    return _text(field.longest)


def _text(longest: int) -> Accept:
    def accept(value: Any) -> str:
        if type(value) is not str:
            raise Unfit("text is expected", "send text")
        if not value or len(value) > longest or value.isspace():
            raise Unfit(f"the text is empty or longer than {longest} characters", "shorten it, or leave the field out")
        if not value.isascii():
            _unicode(value)
        return value

    return accept


def _unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("the text holds half a character (a lone surrogate)", "send valid Unicode") from None


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise Unfit("a whole number is expected", "send a whole number")
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise Unfit("the integer is beyond ±(2^53−1)", "send a smaller number")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Unfit("true or false is expected", "send true or false")
    return value


def _date(value: Any) -> str:
    if type(value) is dt.date:
        return value.isoformat()
    try:
        if type(value) is str and len(value) == len("2011-08-31"):
            return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Unfit("a date is expected", "send YYYY-MM-DD, a day that exists")


def _known(has: Callable[[str], bool], what: str, known: frozenset[str] = frozenset()) -> Accept:
    mend = f"known: {', '.join(sorted(known)[:20])}" if known else "use an id that exists"

    def accept(value: Any) -> str:
        if type(value) is not str or not has(value):
            raise Unfit(f"is not a {what}", mend)
        return value

    return accept


def _item(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit("an object is expected", "send an object")
    if faults := faults_of(value, "item", depth=4):
        raise Unfit(f"is not plain data: {faults[0]}", "send plain data")
    if set(value) == {"sealed"}:
        # It would pass for the commitment to a sealed value, and be shown to nobody.
        raise Unfit("`sealed` alone marks what the log seals", "name the part otherwise")
    return dict(value)


def _assessment(items: frozenset[str]) -> Accept:
    mend = f"send item (one of {', '.join(sorted(items))}), answer (one of {', '.join(ANSWERS)}) and reason"

    def accept(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or set(value) != {"item", "answer", "reason"}:
            raise Unfit("an assessment has item, answer and reason", mend)
        known = type(value["item"]) is str and value["item"] in items
        if not known or value["answer"] not in ANSWERS:
            raise Unfit("the item or the answer is not known", mend)
        _text(4000)(value["reason"])
        return dict(value)

    return accept


def _record(what: str, parts: Mapping[str, Accept], optional: Mapping[str, Accept]) -> Accept:
    mend = f"send {', '.join(parts)}; optional: {', '.join(optional)}"

    def accept(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not set(parts) <= set(value) <= {*parts, *optional}:
            raise Unfit(f"{what} is not complete, or has unknown parts", mend)
        return {name: (parts.get(name) or optional[name])(each) for name, each in value.items()}

    return accept


def _consent(names: Names) -> Accept:
    parts = {
        "organ": _known(names.organs.__contains__, "organ of the directory"),
        "power": _known(CONSENT_POWERS.__contains__, "kind of asking", frozenset(CONSENT_POWERS)),
        "answer": _known(CONSENT_ANSWERS.__contains__, "answer", frozenset(CONSENT_ANSWERS)),
        "asked_on": _date,
        "document": _text(200),
    }
    return _record("a record of an opinion asked", parts, {"answered_on": _date})


def _finding(names: Names) -> Accept:
    kinds, levels = names.codes("responsibility_kinds"), names.codes("liability_levels")
    parts = {
        "fact": _text(200),
        "person": _text(200),
        "post": _known(names.posts.__contains__, "post of the directory"),
        "kind": _known(kinds.__contains__, "kind of responsibility", kinds),
        "liability": _known(levels.__contains__, "level of liability", levels),
        "duty": _text(200),
    }
    return _record("a finding of responsibility", parts, {"proof": _text(2000), "direct": _boolean})


def _meeting(value: Any) -> dict[str, Any]:
    mend = f"send {', '.join(MEETING_KEYS)}; votes has {', '.join(VOTES)}"
    if not isinstance(value, dict) or not set(MEETING_KEYS) <= set(value) <= {*MEETING_KEYS, *MEETING_OPTIONAL}:
        raise Unfit("a meeting record is not complete, or has unknown parts", mend)
    for name, kind in (MEETING_KEYS | MEETING_OPTIONAL).items():
        if name in value and type(value[name]) is not kind:
            raise Unfit(f"`{name}` of the meeting record is of the wrong kind", mend)
    if value["form"] not in MEETING_FORMS or set(value["votes"]) != set(VOTES):
        raise Unfit("`form` or `votes` of the meeting record is not known", f"form: {', '.join(MEETING_FORMS)}; {mend}")
    if value.get("ballot", "open") not in BALLOTS:
        raise Unfit("`ballot` of the meeting record is not known", f"ballot: {', '.join(BALLOTS)}")
    _date(value["date"])
    counts = (value["due"], value["present"], *value["votes"].values())
    if any(type(each) is not int or not 0 <= each <= MAX_COUNT for each in counts):
        raise Unfit(f"a count of the meeting record is not a whole number from 0 to {MAX_COUNT}", mend)
    for text in (value["body"], value["minutes"], *value.get("observers", ()), *value.get("recused", ())):
        _text(200)(text)
    return dict(value)


_FIXED: Mapping[FieldType, Accept] = {
    FieldType.INTEGER: _integer,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.MEETING: _meeting,
    FieldType.ITEM: _item,
}
