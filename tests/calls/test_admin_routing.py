"""Who of the staff sees the operator's own routing of a call, and where."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditAction, AuditEntry
from billing.calls.models import Call
from billing.calls.models.routing import ROUTING, CallRouting
from tests.support.factories import UserFactory
from tests.support.logins import logged_in
from tests.support.pages import context
from tests.support.staff_pages import facts
from tests.support.staffsite import full_account, page_of, staff, superuser

pytestmark = pytest.mark.django_db
MARK = "gw-mark-71301"


@pytest.fixture
def call() -> Call:
    call: Call = full_account().calls.get()
    texts = {**dict.fromkeys(ROUTING, ""), "caller_gateway": MARK}
    CallRouting.objects.create(switch=call.switch, flow_no=call.flow_no, started_at=call.started_at, **texts)
    return call


@pytest.mark.parametrize("group", ["operator", None])
def test_an_operator_sees_the_routing_at_the_page_of_the_call_and_the_look_is_on_record(
    call: Call, group: str | None
) -> None:
    user = staff(group) if group else superuser()
    routing = facts(logged_in(user).get(page_of(call)))["routing"].words
    assert f"{ROUTING['caller_gateway']}: {MARK}" in routing
    assert f"{ROUTING['callee_ip']}: –" in routing
    look = AuditEntry.objects.get(user=user, action=AuditAction.LOOKED)
    assert (look.account, look.text) == (call.account, page_of(call))


@pytest.mark.parametrize("group", ["support", "billing"])
def test_others_of_the_staff_see_the_call_without_it(call: Call, group: str) -> None:
    page = logged_in(staff(group)).get(page_of(call))
    assert page.status_code == 200
    assert MARK.encode() not in page.content
    said = facts(page)
    assert said["callee"].words == call.callee
    assert "routing" not in said


def test_other_staff_do_not_get_to_that_page(call: Call) -> None:
    for client in (Client(), logged_in(UserFactory.create()), logged_in(call.account.memberships.get().user)):
        page = client.get(page_of(call), follow=True)
        assert MARK.encode() not in page.content
        assert "/staff/calls/call/" not in page.request["PATH_INFO"] or page.status_code == 403


@pytest.mark.parametrize("group", ["operator", None])
def test_the_customers_page_of_a_call_shows_it_to_no_reader(call: Call, group: str | None) -> None:
    client = logged_in(staff(group) if group else superuser())
    page = client.get(reverse("call", args=[call.account.public_id, call.flow_no]))
    assert page.status_code == 200
    assert MARK.encode() not in page.content


def test_the_page_of_the_switch_says_how_what_is_kept_goes(call: Call) -> None:
    form = context(logged_in(staff("operator")).get(page_of(call.switch)))["adminform"].form
    assert "all of it goes at once by `manage.py forget_routing`" in form.fields["keep_routing"].help_text


def test_a_call_of_which_nothing_was_kept_says_so(call: Call) -> None:
    CallRouting.objects.all().delete()
    assert facts(logged_in(staff("operator")).get(page_of(call)))["routing"].words == "not kept"
