from __future__ import annotations

from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from portal.masking import KEY_OF_A_LINK, Formatter


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """A line for each request, without what no one should read in a log."""

    access_fmt = "%(asctime)s %(message)s"

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(Formatter(getattr(handler.formatter, "_fmt", None), self.datefmt))

    def atoms(self, *about: Any) -> dict[str, Any]:
        return {**super().atoms(*about), "U": KEY_OF_A_LINK.sub("...", about[2]["PATH_INFO"])}
