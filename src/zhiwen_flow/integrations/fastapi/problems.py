"""
Problem details (问题详情): refusals and errors as RFC 9457 documents in the reader's language.

A refusal is recorded, so it is an answer like any other and the transaction is committed. Misuse and errors leave
by an exception, so that whatever the host has written in the same transaction is rolled back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from zhiwen_flow.errors import (
    BusinessIdError,
    CalendarError,
    ClosedError,
    CorruptStoreError,
    DefinitionError,
    Fault,
    KeyReuseError,
    MisuseError,
    PayloadError,
    StaleError,
    StoreError,
    UnknownNameError,
    ZhiwenError,
)
from zhiwen_flow.terms import Term

MEDIA = "application/problem+json"
RETRY_SECONDS = 5
"""When a client may ask again where the store did not answer."""

_log = structlog.get_logger("zhiwen_flow")
_WANTED = re.compile(r"\s*(zh|en)\b[^;,]*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", re.IGNORECASE)


class Kind(Term):
    """What kind of problem it is (问题种类); `type` of the document is ``urn:zhiwen-flow:problem:`` and the code."""

    NO_ACTOR = ("no_actor", "未确认经办人", "nobody is known to act")
    NOT_ENTITLED = ("not_entitled", "无权办理", "not entitled to do it")
    NOT_FROM_HERE = ("not_from_here", "现处环节不能办理", "does not start from here")
    REFUSED = ("refused", "不予办理", "refused")
    STALE = ("stale", "已被他人先行办理", "others were first")
    BUSINESS_ID_TAKEN = ("business_id_taken", "该业务编号已有卷宗", "the business id has an instance already")
    KEY_REUSED = ("key_reused", "幂等键已用于另一请求", "the idempotency key was used for another request")
    INVALID_PAYLOAD = ("invalid_payload", "填报内容不合要求", "the payload does not fit the form")
    INVALID_PARAMETERS = ("invalid_parameters", "请求参数不合要求", "the parameters do not fit")
    BAD_BODY = ("bad_body", "请求体无法读取", "the body cannot be read")
    BAD_KEY = ("bad_key", "幂等键格式不对", "the idempotency key is malformed")
    MISUSE = ("misuse", "用法错误", "this cannot be asked")
    UNKNOWN = ("unknown", "查无此项", "there is no such thing")
    TOO_LARGE = ("too_large", "请求体过大", "the body is too large")
    MEDIA_TYPE = ("media_type", "只接受 JSON", "only JSON is accepted")
    UNAVAILABLE = ("unavailable", "存储暂不可用", "the store is not available")
    BROKEN = ("broken", "系统数据有误,请技术人员查看日志", "the system's data are at fault; see the server's log")


STATUS: Mapping[Kind, int] = {
    Kind.NO_ACTOR: 403,
    Kind.NOT_ENTITLED: 403,
    Kind.NOT_FROM_HERE: 409,
    Kind.REFUSED: 409,
    Kind.STALE: 409,
    Kind.BUSINESS_ID_TAKEN: 409,
    Kind.KEY_REUSED: 422,
    Kind.INVALID_PAYLOAD: 422,
    Kind.INVALID_PARAMETERS: 422,
    Kind.BAD_BODY: 400,
    Kind.BAD_KEY: 400,
    Kind.MISUSE: 400,
    Kind.UNKNOWN: 404,
    Kind.TOO_LARGE: 413,
    Kind.MEDIA_TYPE: 415,
    Kind.UNAVAILABLE: 503,
    Kind.BROKEN: 500,
}
"""Status of each kind (状态码)."""

_KINDS: tuple[tuple[type[ZhiwenError], Kind], ...] = (
    (KeyReuseError, Kind.KEY_REUSED),
    (BusinessIdError, Kind.BUSINESS_ID_TAKEN),
    (PayloadError, Kind.INVALID_PAYLOAD),
    (UnknownNameError, Kind.UNKNOWN),
    (ClosedError, Kind.UNAVAILABLE),
    (MisuseError, Kind.MISUSE),
    (StaleError, Kind.STALE),
    (CorruptStoreError, Kind.BROKEN),
    (StoreError, Kind.UNAVAILABLE),
    (DefinitionError, Kind.BROKEN),
    (CalendarError, Kind.BROKEN),
)


class Halted(Exception):
    """
    A request that goes no further (请求中止); leaves through the host's dependencies, so that they roll back.

    Args:
        kind: What kind of problem.
        detail: One sentence for the developer; never of the store, a path or a secret.
        more: Further members of the document.
    """

    def __init__(self, kind: Kind, detail: str = "", **more: Any) -> None:
        self.kind = kind
        self.detail = detail
        self.more = more
        super().__init__(detail or kind.en)


def language(accepted: str | None) -> str:
    """
    Choose the language of an answer (选择语言) by ``Accept-Language``; Chinese where nothing else is asked for.

    >>> language("en-GB,en;q=0.9,zh;q=0.5"), language("fr"), language(None)
    ('en', 'zh', 'zh')
    """
    weighed = {"zh": 0.0, "en": 0.0}
    for part in (accepted or "").split(",")[:20]:
        if (found := _WANTED.fullmatch(part)) is not None:
            name = found[1].lower()
            weighed[name] = max(weighed[name], float(found[2] or 1))
    return "en" if weighed["en"] > weighed["zh"] else "zh"


def answer(content: Any, lang: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Give an answer in a language, kept by no cache (答复)."""
    said = {"Content-Language": lang, "Vary": "Accept-Language", "Cache-Control": "no-store"}
    return JSONResponse(content, status_code=status, headers=said | dict(headers or {}))


def problem(kind: Kind, lang: str, *, detail: str = "", **more: Any) -> JSONResponse:
    """
    Give a problem document (问题详情).

    Args:
        kind: What kind; it gives type, title and status.
        lang: ``"zh"`` or ``"en"``.
        detail: What is said beyond the title.
        more: Further members.

    >>> problem(Kind.UNKNOWN, "zh").body.decode()
    '{"type":"urn:zhiwen-flow:problem:unknown","title":"查无此项","status":404,"detail":"查无此项"}'
    """
    title = kind.text(lang)
    told = {"type": f"urn:zhiwen-flow:problem:{kind.value}", "title": title, "status": STATUS[kind]}
    headers = {"Retry-After": str(RETRY_SECONDS)} if kind is Kind.UNAVAILABLE else {}
    found = answer({**told, "detail": detail or title, **more}, lang, status=STATUS[kind], headers=headers)
    found.headers["content-type"] = MEDIA
    return found


def problem_of(error: ZhiwenError | Halted, lang: str) -> JSONResponse:
    """
    Give the problem document of an error (错误对应的问题详情); what an error says of the store goes to the log only.

    A host may use it in handlers of its own, for errors of its own calls of a flow.
    """
    if isinstance(error, Halted):
        return problem(error.kind, lang, detail=error.detail, **error.more)
    kind = next((kind for each, kind in _KINDS if isinstance(error, each)), Kind.BROKEN)
    if isinstance(error, UnknownNameError) and error.kind == "definition":
        kind = Kind.BROKEN
    if kind in (Kind.BROKEN, Kind.UNAVAILABLE):
        _log.error("request failed", problem=kind.value, error=str(error))
        return problem(kind, lang)
    return problem(kind, lang, **_more(error))


def _more(error: ZhiwenError) -> dict[str, Any]:
    """Give what the document of an error says beyond its kind."""
    if isinstance(error, PayloadError):
        return {"errors": [_fault(each) for each in error.faults]}
    if isinstance(error, BusinessIdError):
        return {"stream": error.stream}
    return {"what": error.kind} if isinstance(error, UnknownNameError) else {}


def _fault(fault: Fault) -> dict[str, str]:
    """Point to a fault in the body: the fields of the form stand in `payload`, the command's own parts beside it."""
    parts = [fault.path] if fault.where == "command" else ["payload", fault.path]
    pointer = "".join("/" + each.replace("~", "~0").replace("/", "~1") for each in parts if each)
    return {"pointer": f"#{pointer}", "what": fault.what, "mend": fault.mend}


def _misfit(error: RequestValidationError) -> Halted:
    told = [
        {"in": str(each["loc"][0]), "name": ".".join(map(str, each["loc"][1:])), "what": str(each["msg"])}
        for each in error.errors()
    ]
    return Halted(Kind.INVALID_PARAMETERS, errors=told)


class ProblemRoute(APIRoute):
    """A route whose errors are problem documents, given after the host's dependencies have seen them (本库的路由)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Turn what does not fit a parameter into a problem of ours."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except RequestValidationError as error:
                raise _misfit(error) from None

        return handler

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or give the problem document of the error that came out (办理请求)."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await super().handle(scope, receive, sending)
        except (ZhiwenError, Halted) as error:
            if started:
                raise
            lang = language(Headers(scope=scope).get("accept-language"))
            await problem_of(error, lang)(scope, receive, send)
