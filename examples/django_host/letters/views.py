"""
The pages (页面): the register, one letter with what can be done, and a new one.

The host's row and the flow's command stand in one transaction: both are written, or neither is.
"""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from letters.models import Letter
from zhiwen_flow import PayloadError, StaleError, UnknownNameError
from zhiwen_flow.integrations.django.flows import acting, flow, viewer_of
from zhiwen_flow.integrations.django.forms import form_of
from zhiwen_flow.integrations.django.pages import Teller, instance_page
from zhiwen_flow.integrations.django.words import state_name
from zhiwen_flow.machine.definition import NEW
from zhiwen_flow.machine.schema import form_schema

MACHINE = "complaint"


@login_required
@require_safe
def letters(request):
    """Show the register (登记簿), with the state of each letter."""
    found = flow(request)
    rows = []
    for each in Letter.objects.order_by("-id")[:50]:
        instance = found.find(MACHINE, each.number)
        rows.append((each, state_name(found, MACHINE, instance.state) if instance is not None else "没有卷宗"))
    return render(request, "letters/letters.html", {"rows": rows})


@login_required
@require_http_methods(["GET", "POST"])
def new(request):
    """Register a letter (登记): our row and the instance, or the reasons why not."""
    found = flow(request)
    bench = found.current(MACHINE)
    make = form_of(form_schema(bench.machine, bench.machine.opening, bench.rules.rulebook))
    form = make(request.POST or None)
    told = {"form": form, "number": request.POST.get("number", ""), "title": request.POST.get("title", "")}
    if request.method == "GET" or not form.is_valid() or not told["number"] or not told["title"]:
        return render(request, "letters/new.html", told)
    with transaction.atomic():
        row, made = Letter.objects.get_or_create(number=told["number"], defaults={"title": told["title"]})
        if not made:
            form.add_error(None, f"登记号{row.number}已用过")
            return render(request, "letters/new.html", told)
        try:
            decision = found.start(MACHINE, form.payload(), business_id=row.number)
        except PayloadError as error:
            transaction.set_rollback(True)
            return _unfit(request, "letters/new.html", told, error)
        if not decision.allowed:
            # The refusal stays in the log; the row, which it was about, does not.
            row.delete()
            return render(request, "letters/new.html", told | {"refusals": _told(found, decision, viewer_of(request))})
    messages.success(request, f"已登记:{row.number}")
    return redirect("letter", row.pk)


@login_required
@require_http_methods(["GET", "POST"])
def letter(request, pk):
    """Show a letter (信访件): what was done, what can be done now with its form, and why something cannot."""
    row = get_object_or_404(Letter, pk=pk)
    found = flow(request)
    instance = found.find(MACHINE, row.number)
    if instance is None:
        raise Http404
    forms = [(each, form_of(each.form)) for each in found.options(instance.id)]
    told = {"letter": row}
    if request.method == "POST":
        answer = _step(request, found, row, instance.id, {each.trigger: make for each, make in forms}, told)
        if answer is not None:
            return answer
    told |= instance_page(found, instance.id, viewer=viewer_of(request), actor=acting(request))
    told["key"] = uuid.uuid4().hex
    reasons = {each["trigger"]: each["verdicts"] or [] for each in told["options"] if each["mark"] == "×"}
    told["options"] = [
        (
            each,
            told.get("filled", {}).get(each.trigger) or make(prefix=each.trigger),
            reasons.get(each.trigger, []),
        )
        for each, make in forms
    ]
    return render(request, "letters/letter.html", told)


def _step(request, found, row, stream, forms, told):
    """Take the step that was asked for (办理); None where the page is to be shown again, with what is wrong."""
    trigger = request.POST.get("trigger", "")
    if trigger not in forms:
        messages.error(request, "该事项现在不能办理:可能已被他人先行办理,请看最新情况")
        return redirect("letter", row.pk)
    form = forms[trigger](request.POST, prefix=trigger)
    told["filled"] = {trigger: form}
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            decision = found.do(stream, trigger, form.payload(), key=_key(request))
            if decision.allowed and not decision.replayed:
                row.steps += 1
                row.save(update_fields=["steps"])
    except PayloadError as error:
        for fault in error.faults:
            form.add_error(None, f"{fault.what};{fault.mend}")
        return None
    except (StaleError, UnknownNameError):
        messages.error(request, "已被他人先行办理,请看最新情况")
        return redirect("letter", row.pk)
    if not decision.allowed:
        teller = Teller.of(found, found.instance(stream))
        told["refused"] = decision.label.zh
        told["refusals"] = teller.refusals(decision.source, trigger, decision.verdicts, viewer_of(request))
        return None
    messages.success(request, f"已办理:{decision.label.zh}")
    return redirect("letter", row.pk)


def _key(request):
    """Make the key that a page gave the user's own (幂等键): nobody spends another's, nor that of a deadline's step."""
    given = request.POST.get("key")
    return f"page:{request.user.pk}:{given}" if given else None


def _told(found, decided, viewer):
    """Say why a letter was not registered (不予登记的理由), as much as this viewer may know."""
    return Teller.of(found, None, MACHINE).refusals(NEW, decided.trigger, decided.verdicts, viewer)


def _unfit(request, template, told, error):
    for fault in error.faults:
        told["form"].add_error(None, f"{fault.path}:{fault.what};{fault.mend}")
    return render(request, template, told)
