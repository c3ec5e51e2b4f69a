from __future__ import annotations

import re
from typing import Any

from gunicorn.glogging import Logger

# Whoever reads this part of the link in a mail can choose the person's password, or come in by their invitation.
KEY_OF_A_LINK = re.compile(
    r"(?<=/password/reset/key/)[^/]+|(?<=/account/invitation/)[^/]{20,}|(?<=/confirm-email/)[^/]+"
)


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """A line for each request, without what is nobody's to read in a log."""

    def atoms(self, *about: Any) -> dict[str, Any]:
        return {**super().atoms(*about), "U": KEY_OF_A_LINK.sub("...", about[2]["PATH_INFO"])}
