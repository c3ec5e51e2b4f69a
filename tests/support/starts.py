"""`manage.py`, started many times by one program: it has loaded the libraries once, and forks for every start.

Each start reads its settings from an environment of its own, and ends as a program of its own does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Protocol

from tests.support.demo import CHECKOUT


class Manage(Protocol):
    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]: ...


@contextmanager
def many_starts() -> Iterator[Manage]:
    """Within, `manage("check", SECRET_KEY="short")` starts `manage.py check` with that environment alone."""
    command = [sys.executable, "-m", "tests.support.starts"]
    environment = {"PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        asking, answering = program.stdin, program.stdout
        assert asking is not None
        assert answering is not None

        def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
            asking.write(json.dumps([["manage.py", *arguments], {**environment, **variables}]) + "\n")
            asking.flush()
            code, out, err = json.loads(answering.readline())
            return subprocess.CompletedProcess(arguments, code, out, err)

        yield manage
        asking.close()


def _serve() -> None:
    # What every start loads before it has read all of its settings.
    import csp.constants  # noqa: F401
    import dj_email_url  # noqa: F401
    import django.core.management.commands.check  # noqa: F401
    import environs  # noqa: F401
    import psycopg  # noqa: F401

    for line in sys.stdin:
        arguments, environment = json.loads(line)
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            started = os.fork()
            if started == 0:
                os.dup2(out.fileno(), sys.stdout.fileno())
                os.dup2(err.fileno(), sys.stderr.fileno())
                _start(arguments, environment)
            _, status = os.waitpid(started, 0)
            sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), _text(out), _text(err)]) + "\n")
            sys.stdout.flush()


def _start(arguments: list[str], environment: dict[str, str]) -> None:
    from manage import main

    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    main()
    sys.exit()


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


if __name__ == "__main__":
    _serve()
