"""Running a command as a program would: what it printed, what it said to people, and its exit code."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.core.management import ManagementUtility
from django.db import connections


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.out)
        return data


def run(*argv: str, stdin: str = "") -> Ran:
    """`manage.py` with these arguments, in this process and so in the test's own transaction."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    # The one thing that a process of its own does and this one must not: close the connections at its end.
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch("sys.stdin", io.StringIO(stdin)),
        patch.object(connections, "close_all"),
    ):
        try:
            ManagementUtility(["manage.py", *argv]).execute()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())
