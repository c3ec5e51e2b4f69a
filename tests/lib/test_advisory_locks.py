from __future__ import annotations

import pytest
from django.db import transaction

from billing.lib.advisory_locks import Locked, lock, try_lock
from tests.support.sessions import in_another_session

pytestmark = pytest.mark.django_db(transaction=True)


def is_free(what: Locked, name: object) -> bool:
    """Ask from another connection."""

    def ask() -> bool:
        with transaction.atomic():
            return try_lock(what, name)

    return in_another_session(ask)


def test_each_thing_is_locked_alone_until_the_transaction_ends() -> None:
    with transaction.atomic():
        lock(Locked.CALLS_OF_ACCOUNT, 1, 2)
        found = [is_free(what, name) for what in (Locked.CALLS_OF_ACCOUNT, Locked.EXPORT) for name in (1, 2, 3)]
        assert found == [False, False, True, True, True, True]
    assert is_free(Locked.CALLS_OF_ACCOUNT, 1)


def test_those_who_share_keep_out_the_one_who_wants_it_alone() -> None:
    with transaction.atomic():
        lock(Locked.ROUTING_OF_SWITCH, 1, shared=True)
        assert not is_free(Locked.ROUTING_OF_SWITCH, 1)
