"""A Django host in this process: configured once, its databases made by `migrate`, a tenant for each test."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import attrs
import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import RequestFactory, override_settings

from tests.services import postgres_schema
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.guards.library import LIBRARY
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Actor
from zhiwen_flow.testing.desk import DESK, desk_machines

CLERK = Actor(id="p-1", post="bridge_bureau.officer")
ADMIN = "django.contrib.admin"
APPS = [ADMIN, *(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "messages"))]
MIDDLEWARE = ["sessions.middleware.SessionMiddleware", "auth.middleware.AuthenticationMiddleware"]
MIDDLEWARE += ["messages.middleware.MessageMiddleware"]
CONTEXT = ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth"]
CONTEXT += ["django.contrib.messages.context_processors.messages"]
TEMPLATES = {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}

VIEWERS: dict[str, Viewer] = {"auditor": Viewer(auditor=True)}
"""As whom users look, by their name."""


def actor_of(request: Any) -> Actor | None:
    """The host's provider: whoever is signed in acts as the clerk."""
    user = getattr(request, "user", None)
    return None if user is not None and user.username == "visitor" else CLERK


def viewer_of(request: Any) -> Viewer | None:
    """The host's provider of viewers."""
    return VIEWERS.get(request.user.username)


def tenant_of(request: Any) -> str:
    """The host's provider of tenants, where they hang on the request."""
    return str(request.headers["X-Tenant"])


def machines() -> list[Any]:
    """The small machines, with a step that is about a person."""
    desk = copy.deepcopy(DESK)
    next(each for each in desk["transition"] if each["trigger"] == "seize")["prejudicial"] = True
    return [machine_from(desk, LIBRARY, where="desk"), desk_machines()[1]]


def postgres(url: str) -> dict[str, Any]:
    """Write a URL as Django's settings of a database."""
    told = urlsplit(url)
    found = {"ENGINE": "django.db.backends.postgresql", "NAME": told.path[1:], "USER": told.username}
    return found | {"HOST": told.hostname, "PORT": str(told.port), "OPTIONS": dict(parse_qsl(told.query))}


@pytest.fixture(scope="session")
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    """Configure Django once, and give the aliases that answer."""
    folder = tmp_path_factory.mktemp("django")
    options = {"transaction_mode": "IMMEDIATE"}
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "host.sqlite3"), "OPTIONS": options}
    with ExitStack() as stack:
        databases = {"default": sqlite, "mysql": {"ENGINE": "django.db.backends.dummy", "NAME": "none"}}
        with suppress(pytest.skip.Exception):  # Tests that ask for it skip, and say why.
            databases["postgresql"] = postgres(stack.enter_context(postgres_schema()))
        settings.configure(
            SECRET_KEY="tests only",
            USE_TZ=True,
            TIME_ZONE="Asia/Shanghai",
            LANGUAGE_CODE="zh-hans",
            LOGGING_CONFIG=None,
            INSTALLED_APPS=[*APPS, "zhiwen_flow.integrations.django"],
            MIDDLEWARE=[f"django.contrib.{each}" for each in MIDDLEWARE],
            TEMPLATES=[TEMPLATES | {"OPTIONS": {"context_processors": CONTEXT}}],
            ROOT_URLCONF="tests.djangohost.urls",
            STATIC_URL="static/",
            ALLOWED_HOSTS=["testserver"],
            DATABASES=databases,
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            ZHIWEN_FLOW={"ACTOR": actor_of},
        )
        django.setup()
        aliases = set(databases) - {"mysql"}
        for alias in sorted(aliases):
            with override_settings(ZHIWEN_FLOW={"ACTOR": actor_of, "DATABASE": alias}):
                call_command("migrate", database=alias, verbosity=0)
        try:
            yield aliases
        finally:
            connections.close_all()


@pytest.fixture
def configured(_host: set[str]) -> Iterator[Callable[..., Any]]:
    """Give a function that sets `ZHIWEN_FLOW` for the rest of the test."""
    with ExitStack() as stack:

        def change(**parts: Any) -> None:
            stack.enter_context(override_settings(ZHIWEN_FLOW=parts))

        yield change


@attrs.frozen
class Host:
    """A host on one database: its alias, and a tenant that only this test knows."""

    alias: str
    tenant: str
    change: Callable[..., Any]
    settings: dict[str, Any]

    @property
    def request(self) -> Any:
        """A request of nobody in particular."""
        return RequestFactory().get("/")

    @property
    def groups(self) -> Any:
        """The host's own rows: here the groups of its users."""
        return apps.get_model("auth.Group").objects.using(self.alias)


@pytest.fixture(params=["default", "postgresql"])
def host(request: pytest.FixtureRequest, _host: set[str], configured: Callable[..., Any]) -> Iterator[Host]:
    """Give a host on each database."""
    if request.param not in _host:
        with postgres_schema():
            pytest.fail("PostgreSQL answers now and did not before")
    told = {"DATABASE": request.param, "TENANT": uuid4().hex, "MACHINES": machines()}
    told |= {"ACTOR": actor_of, "VIEWER": viewer_of}
    configured(**told)
    yield Host(request.param, told["TENANT"], configured, told)
    connections.close_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(
    request: pytest.FixtureRequest, _host: set[str], configured: Callable[..., Any], tmp_path: Path
) -> Iterator[tuple[str, str]]:
    """Give the alias and the URL of an empty database of each kind, which the settings name."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
            told = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "empty.sqlite3")}
        else:
            url = stack.enter_context(postgres_schema())
            told = postgres(url)
        alias = f"empty_{uuid4().hex[:8]}"
        connections.settings[alias] = connections.configure_settings({"default": {}, alias: told})[alias]
        configured(ACTOR=actor_of, DATABASE=alias, MACHINES=machines())
        try:
            yield alias, url
        finally:
            connections[alias].close()
            del connections[alias], connections.settings[alias]
