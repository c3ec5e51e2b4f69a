#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from portal import local


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if sys.argv[1:2] == ["demo"]:
        # The demo brings its own servers, and settings are read from the environment before any command runs.
        with local.services(local.FOLDER):
            execute_from_command_line(sys.argv)
    else:
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
