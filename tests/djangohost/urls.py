"""Addresses of the host under test: the admin, and one page that takes a step and then fails where it is asked to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.urls import path

from zhiwen_flow.integrations.django.flows import conf, flow


def step(request: Any) -> HttpResponse:
    """Write a row of the host's and take a step."""
    Group.objects.using(conf().database).create(name=request.GET["name"])
    decision = flow(request).start("desk", {"subject": request.GET["name"]}, business_id=request.GET["name"])
    if "fail" in request.GET:
        raise RuntimeError("the view fails after both were written")
    return HttpResponse(decision.stream)


urlpatterns = [path("admin/", admin.site.urls), path("step/", step)]
