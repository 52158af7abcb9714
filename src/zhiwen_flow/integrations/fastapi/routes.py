"""
The router factory (路由): start, options, explain, do, reads, forms, history and who could, over the host's own flow.

The host says who acts, who looks, and in which transaction; a request says what is asked and nothing of these.
Endpoints are plain functions, run in the framework's threads: one flow for each request.
"""

# No `from __future__ import annotations`: FastAPI reads the annotations of functions made here, local names included.

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import attrs
from fastapi import APIRouter, Depends, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from starlette.responses import Response

from zhiwen_flow.audit.view import PUBLIC, Viewer
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import MisuseError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.fastapi.bodies import OF_A_STEP, OF_AN_OPENING, Limits, envelope_of, key_of, read_object
from zhiwen_flow.integrations.fastapi.calls import Call, Recorded
from zhiwen_flow.integrations.fastapi.operations import body_schema, problems, request_body
from zhiwen_flow.integrations.fastapi.problems import Halted, Kind, ProblemRoute, language
from zhiwen_flow.integrations.fastapi.reads import Name, add_reads
from zhiwen_flow.integrations.fastapi.shapes import FlowDecision
from zhiwen_flow.loading import shipped
from zhiwen_flow.machine.definition import OPEN, Machine, Transition
from zhiwen_flow.model import Actor

_PRINTABLE = r"^[\x20-\x7e]+$"
_ASKED = (Kind.BAD_BODY, Kind.MEDIA_TYPE, Kind.TOO_LARGE, Kind.UNKNOWN, Kind.NO_ACTOR, Kind.INVALID_PAYLOAD)
_DONE = (*_ASKED, Kind.BAD_KEY, Kind.NOT_ENTITLED, Kind.NOT_FROM_HERE, Kind.REFUSED, Kind.STALE, Kind.KEY_REUSED)


def zhiwen_router(
    definitions: Definitions,
    flow_of: Callable[..., Any],
    *,
    actor: Callable[..., Any] | None,
    viewer: Callable[..., Any] | None = None,
    recorded: Callable[..., Any] | None = None,
    machines: Iterable[str] = (),
    limits: Limits | None = None,
    correlation: str = "X-Correlation-ID",
) -> APIRouter:
    """
    Make the router (建立路由); the host includes it under a prefix of its own.

    Args:
        definitions: What the host's flow works under; the typed operations are made from its machines.
        flow_of: The host's dependency that gives the `Flow` of a request, as a rule `joined` on the session of the
            request. What it depends on with `yield` is declared with ``scope="function"``, so that the transaction is
            committed before the answer is sent.
        actor: The host's dependency that says who acts, an `Actor`, from its own login. Without one, and where it
            gives None, every request is refused.
        viewer: The host's dependency that says as whom the log is seen, a `Viewer`; the public by default.
        recorded: The host's dependency that gives a function of the `Decision`, called after each command that was
            recorded, inside the same transaction: what it raises undoes the command.
        machines: Ids of the machines served; all that the flow has, when left out.
        limits: What a request may ask for at most.
        correlation: Header whose value ties several commands together.

    Raises:
        MisuseError: the host's transaction would be committed after the answer was sent.
        UnknownNameError: there is no such machine.
    """
    _check_order(flow_of)
    known = machines or sorted({*shipped("machines"), *definitions.machines})
    served = {each: definitions.machine(each) for each in known}
    acting = _acting(actor)
    calling = _calling(flow_of, acting, viewer or _public, recorded or _unheard, correlation, served)
    router = APIRouter(route_class=ProblemRoute)
    add_reads(router, Depends(calling), definitions, served, limits or Limits())
    making = _Making(
        router=router,
        definitions=definitions,
        call=Depends(calling),
        body=Depends(_reading(acting, limits or Limits())),
        key=Depends(_keying(acting)),
    )
    for machine in served.values():
        making.add(machine)
    return router


def _check_order(flow_of: Callable[..., Any]) -> None:
    """A dependency that commits after the answer was sent would make the answer a promise."""
    waiting: list[Dependant] = [*get_dependant(path="", call=flow_of).dependencies]
    while waiting:
        each = waiting.pop()
        waiting += each.dependencies
        yields = inspect.isgeneratorfunction(each.call) or inspect.isasyncgenfunction(each.call)
        if yields and each.scope != "function":
            name = getattr(each.call, "__name__", "a dependency")
            mend = f'declare it with Depends({name}, scope="function")'
            raise MisuseError(f"`{name}` would commit after the answer was sent; {mend}")


def _acting(actor: Callable[..., Any] | None) -> Callable[..., Any]:
    if actor is None:
        return _nobody

    def acting(found: Annotated[Any, Depends(actor)]) -> Actor:
        if not isinstance(found, Actor):
            raise Halted(Kind.NO_ACTOR)
        return found

    return acting


def _nobody() -> Actor:
    raise Halted(Kind.NO_ACTOR)


def _public() -> Viewer:
    return PUBLIC


def _unheard() -> Recorded | None:
    return None


def _calling(
    flow_of: Callable[..., Any],
    acting: Callable[..., Any],
    viewer: Callable[..., Any],
    recorded: Callable[..., Any],
    correlation: str,
    served: Mapping[str, Machine],
) -> Callable[..., Call]:
    """Make the one dependency of every endpoint: who, as whom, on which flow, in which language."""
    tied = Header(alias=correlation, min_length=1, max_length=200, pattern=_PRINTABLE, description="关联编号")

    def call(
        request: Request,
        actor: Annotated[Actor, Depends(acting)],
        flow: Annotated[Flow, Depends(flow_of, scope="function")],
        viewer: Annotated[Viewer, Depends(viewer)],
        recorded: Annotated[Recorded | None, Depends(recorded)],
        correlation: Annotated[str | None, tied] = None,
        accept_language: Annotated[str | None, Header(description="`zh` 或 `en`")] = None,
    ) -> Call:
        return Call(
            request=request,
            actor=actor,
            flow=flow,
            viewer=viewer,
            recorded=recorded,
            correlation=correlation,
            lang=language(accept_language),
            served=served,
        )

    return call


def _reading(acting: Callable[..., Any], limits: Limits) -> Callable[..., Any]:
    """Read the body only for somebody who acts."""

    async def body(request: Request, _: Annotated[Actor, Depends(acting)]) -> dict[str, Any]:
        return await read_object(request, limits)

    return body


def _keying(acting: Callable[..., Any]) -> Callable[..., Any]:
    given = Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=_PRINTABLE, description="幂等键")

    def key(actor: Annotated[Actor, Depends(acting)], said: Annotated[str | None, given] = None) -> str | None:
        return key_of(said, actor.id)

    return key


@attrs.frozen(kw_only=True)
class _Making:
    """The typed operations of the machines, as they are added to the router (逐项建立办理接口)."""

    router: APIRouter
    definitions: Definitions
    call: Any
    body: Any
    key: Any

    def add(self, machine: Machine) -> None:
        """Add what opens an instance of *machine*, and every trigger of it."""
        self._opening(machine)
        for trigger in machine.triggers:
            self._step(machine, trigger, tuple(each for each in machine.transitions if each.trigger == trigger))

    def _opening(self, machine: Machine) -> None:
        def start(body: dict[str, Any] = self.body, call: Call = self.call, key: str | None = self.key) -> Response:
            return call.start(machine.id, envelope_of(body, OF_AN_OPENING), key)

        def explain(body: dict[str, Any] = self.body, call: Call = self.call) -> Response:
            return call.explain(machine.id, None, OPEN, envelope_of(body, OF_AN_OPENING))

        steps = (machine.opening,)
        self._post(f"/start/{machine.id}", start, machine, steps, kinds=(*_DONE, Kind.BUSINESS_ID_TAKEN), status=201)
        self._post(f"/explain/{machine.id}", explain, machine, steps, kinds=_ASKED)

    def _step(self, machine: Machine, trigger: str, steps: tuple[Transition, ...]) -> None:
        def do(
            instance: Name, body: dict[str, Any] = self.body, call: Call = self.call, key: str | None = self.key
        ) -> Response:
            return call.do(machine.id, instance, trigger, envelope_of(body, OF_A_STEP), key)

        def explain(instance: Name, body: dict[str, Any] = self.body, call: Call = self.call) -> Response:
            return call.explain(machine.id, instance, trigger, envelope_of(body, OF_A_STEP))

        self._post(f"/do/{machine.id}/{{instance}}/{trigger}", do, machine, steps, kinds=_DONE)
        self._post(f"/explain/{machine.id}/{{instance}}/{trigger}", explain, machine, steps, kinds=_ASKED)

    def _post(
        self,
        path: str,
        endpoint: Callable[..., Response],
        machine: Machine,
        steps: tuple[Transition, ...],
        *,
        kinds: tuple[Kind, ...],
        status: int = 200,
    ) -> None:
        verb, trigger, opening = endpoint.__name__, steps[0].trigger, steps[0] is machine.opening
        asked = {"start": "建档", "do": "办理", "explain": "试办"}[verb]
        schema = body_schema(machine, steps, self.definitions.rules.rulebook, opening=opening)
        self.router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            status_code=status,
            operation_id="_".join([verb, machine.id] + ([] if opening else [trigger])),
            summary=f"{asked}:{machine.label.zh}·{steps[0].label.zh}",
            description=f"{steps[0].label.en}. {'; '.join(steps[0].cites)}",
            tags=[machine.label.zh],
            response_model=None,
            responses={status: {"model": FlowDecision, "description": "准予办理 · allowed"}, **problems(*kinds)},
            openapi_extra=request_body(schema),
        )
