#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if sys.argv[1:2] == ["demo"]:
        # The demo brings its own servers, and settings are read from the environment before any command runs. No part
        # of it is needed, or there, in production.
        from portal import local
        from portal.demo.surroundings import surroundings

        with surroundings(local.FOLDER):
            execute_from_command_line(sys.argv)
    else:
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
