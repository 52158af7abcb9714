"""
An example host on FastAPI (示例宿主): a small document office that keeps its own table beside our log.

Its documents and our events are written in one transaction, by our router and by its own endpoint alike.
"""

# No `from __future__ import annotations`: FastAPI reads the annotations of functions made in `make_app`.

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import attrs
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, Field
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.responses import Response

from zhiwen_flow import Actor, Decision, Flow, Viewer
from zhiwen_flow.integrations.fastapi import Kind, language, problem, zhiwen_router

SEEDED = "XF-2011-1"
MACHINES = ("complaint", "supervision_order", "case", "measure")


class Base(DeclarativeBase):
    """The host's own tables (宿主自己的表)."""


class Document(Base):
    """A document of the office (公文): its number is the business id of the instance that handles it."""

    __tablename__ = "office_document"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    instance: Mapped[str | None]
    state: Mapped[str | None]


@attrs.frozen(kw_only=True)
class Login:
    """Who is logged in (登录人)."""

    tenant: str
    actor: Actor
    auditor: bool = False


EXAMPLE_LOGINS = {
    "clerk": Login(tenant="office-a", actor=Actor(id="p-102", post="transport_leading_group_office.clerk")),
    "personnel": Login(tenant="office-a", actor=Actor(id="p-207", post="bridge_personnel.officer")),
    "officer": Login(tenant="office-a", actor=Actor(id="p-206", post="bridge_bureau.officer")),
    "auditor": Login(tenant="office-a", actor=Actor(id="p-104", post="transport_personnel.officer"), auditor=True),
    "neighbour": Login(tenant="office-b", actor=Actor(id="p-902", post="transport_leading_group_office.clerk")),
}


def example_login(x_example_user: Annotated[str | None, Header()] = None) -> Login:
    """
    Say who is logged in (示例登录): AN EXAMPLE ONLY, it believes a header. A real host asks its session or its token.

    Raises:
        HTTPException: nobody is.
    """
    found = EXAMPLE_LOGINS.get(x_example_user or "")
    if found is None:
        raise HTTPException(401, "log in first", headers={"WWW-Authenticate": "Example"})
    return found


def current_actor(login: Annotated[Login, Depends(example_login)]) -> Actor:
    """Say who acts (当前经办人)."""
    return login.actor


class Filed(BaseModel):
    """A document and the complaint in it (来文)."""

    number: str = Field(min_length=1, max_length=40, pattern=r"^[\w-]+$")
    title: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    content: str = Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*\S[^\x00]*$")


@attrs.frozen(kw_only=True, eq=False)
class Office:
    """The office's database, and a flow for each tenant that lends its definitions to every request (办公系统)."""

    engine: Engine
    flows: dict[str, Flow]

    @classmethod
    def open(cls, url: str, **definitions: Any) -> "Office":
        """Make the tables, ours and the host's, and load the definitions (打开)."""
        tenants = sorted({each.tenant for each in EXAMPLE_LOGINS.values()})
        flows = {each: Flow.open(url, tenant=each, **definitions) for each in tenants}
        for each in flows.values():
            # From here on every request works on the host's session.
            each.close()
        wait = {"timeout": 10} if url.startswith("sqlite") else {}
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), connect_args=wait)
        Base.metadata.create_all(engine)
        return cls(engine=engine, flows=flows)

    def session(self) -> Iterator[Session]:
        """Give the session of a request: committed when the endpoint has returned, rolled back on an exception."""
        with Session(self.engine) as session, session.begin():
            yield session

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Give the connections back when the application ends (停止时释放连接)."""
        yield
        self.engine.dispose()


def make_app(url: str, **definitions: Any) -> FastAPI:
    """
    Make the application (建立应用).

    Args:
        url: ``sqlite:///path`` or ``postgresql://…``.
        definitions: See `Flow.open`.
    """
    office = Office.open(url, **definitions)
    # Committed before the answer is sent: what was answered is never lost.
    session_of = Depends(office.session, scope="function")

    def flow_of(session: Annotated[Session, session_of], login: Annotated[Login, Depends(example_login)]) -> Flow:
        return office.flows[login.tenant].joined(session)

    def viewer(login: Annotated[Login, Depends(example_login)]) -> Viewer:
        organ = office.flows[login.tenant].organ_of(login.actor)
        return Viewer(auditor=login.auditor, organ=organ)

    def recorded(
        session: Annotated[Session, session_of],
        flow: Annotated[Flow, Depends(flow_of)],
        login: Annotated[Login, Depends(example_login)],
    ) -> Callable[[Decision], None]:
        def keep(decision: Decision) -> None:
            if decision.allowed:
                _follow(session, flow, login.tenant, decision)

        return keep

    app = FastAPI(title="示例宿主 · Example host", version="1", lifespan=office.lifespan)
    app.state.office = office
    router = zhiwen_router(
        office.flows["office-a"].definitions,
        flow_of,
        actor=current_actor,
        viewer=viewer,
        recorded=recorded,
        machines=MACHINES,
    )
    app.include_router(router, prefix="/zhiwen")
    app.include_router(_documents(session_of, flow_of))
    app.add_exception_handler(DBAPIError, _unavailable)
    return app


def _follow(session: Session, flow: Flow, tenant: str, decision: Decision) -> None:
    """Let the host's row follow the instance; a business id that is no document of ours undoes the command."""
    instance = flow.instance(decision)
    if instance.business_id is None:
        return
    document = session.get(Document, (tenant, instance.business_id))
    if document is None:
        raise HTTPException(409, "there is no such document")
    document.instance, document.state = instance.id, instance.state


def _documents(session_of: Any, flow_of: Callable[..., Flow]) -> APIRouter:
    """Make the host's own endpoints (宿主自己的接口)."""
    router = APIRouter(prefix="/documents", tags=["公文"])

    @router.post("", operation_id="file_document", status_code=201, response_model=None)
    def file(
        filed: Filed,
        session: Annotated[Session, session_of],
        flow: Annotated[Flow, Depends(flow_of)],
        login: Annotated[Login, Depends(example_login)],
        accept_language: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any] | Response:
        if session.get(Document, (login.tenant, filed.number)) is not None:
            raise HTTPException(409, "this number is taken")
        form = {"channel": "tip_box", "content": filed.content, "anonymous": True}
        decision = flow.start("complaint", form, actor=login.actor, business_id=filed.number)
        if not decision.allowed:
            lang = language(accept_language)
            return problem(Kind.REFUSED, lang, detail=decision.explain(lang))
        session.add(
            Document(
                tenant=login.tenant,
                number=filed.number,
                title=filed.title,
                instance=decision.stream,
                state=decision.target,
            )
        )
        return {"number": filed.number, "instance": decision.stream, "state": decision.target}

    @router.get("/{number}", operation_id="read_document")
    def read(
        number: str, session: Annotated[Session, session_of], login: Annotated[Login, Depends(example_login)]
    ) -> dict[str, str | None]:
        found = session.get(Document, (login.tenant, number)) if "\0" not in number else None
        if found is None:
            raise HTTPException(404, "there is no such document")
        return {"number": found.number, "title": found.title, "instance": found.instance, "state": found.state}

    return router


def _unavailable(request: Request, _: Exception) -> Response:
    """Tell nothing of the database; the server's log holds the rest."""
    return problem(Kind.UNAVAILABLE, language(request.headers.get("accept-language")))


def seed(url: str) -> str:
    """
    Put one document and its complaint into the example's database, once (示例数据).

    Returns:
        The id of the complaint's instance.
    """
    office, login = Office.open(url), EXAMPLE_LOGINS["clerk"]
    with Session(office.engine) as session, session.begin():
        known = session.get(Document, (login.tenant, SEEDED))
        if known is None:
            decision = (
                office.flows[login.tenant]
                .joined(session)
                .start(
                    "complaint",
                    {"channel": "tip_box", "content": "窗口无人值守", "anonymous": True},
                    actor=login.actor,
                    business_id=SEEDED,
                )
            )
            known = Document(tenant=login.tenant, number=SEEDED, title="关于窗口无人值守的来信")
            known.instance, known.state = decision.raise_if_refused().stream, decision.target
            session.add(known)
        found = str(known.instance)
    office.engine.dispose()
    return found


if __name__ == "__main__":
    database = sys.argv[1] if len(sys.argv) > 1 else "sqlite:///office.db"
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8000  # noqa: PLR2004
    print("示例卷宗 · example instance:", seed(database))  # noqa: T201
    uvicorn.run(make_app(database), host="127.0.0.1", port=port, log_level="warning")
