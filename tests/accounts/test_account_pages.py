from __future__ import annotations

import pytest
from django.test import Client

from tests.support.pages import read

pytestmark = pytest.mark.django_db


def test_a_stranger_cannot_sign_up(client: Client) -> None:
    client.post("/account/signup/", {"email": "stranger@example.com", "password1": "correct horse battery"})
    assert client.login(email="stranger@example.com", password="correct horse battery") is False


def test_a_form_in_an_encoding_that_cannot_be_read_is_told_so() -> None:
    visitor = Client(enforce_csrf_checks=True)
    visitor.get("/account/login/")
    answer = visitor.post("/account/login/", b"a=b", "application/x-www-form-urlencoded; charset=utf-7")
    assert answer.status_code == 400
    assert read(answer).title == "That request cannot be read"
