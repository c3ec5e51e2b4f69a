"""Starts the simulator: python -m simulator --port N"""

import argparse
import signal
import ssl
import sys
from datetime import time
from pathlib import Path
from time import sleep
from types import FrameType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator import keeping
from simulator.controls import Controls
from simulator.counting import Counting
from simulator.interface import Interface
from simulator.options import Options
from simulator.server import Listener
from simulator.switch import Switch

_KEEP_SECONDS = 20


def main() -> int:
    arguments = _parser().parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    tls = _tls(arguments.tls_cert, arguments.tls_key)
    switch = Switch(_options(arguments))
    kept: Path | None = arguments.state_file
    if kept:
        keeping.load(switch, kept)
    interface = Interface(switch)
    controls = Controls(interface)
    own_port = arguments.control_port is not None
    try:
        listener = Listener(arguments.host, arguments.port, interface, None if own_port else controls, tls)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {arguments.host}:{arguments.port}: {error.strerror}\n")
        return 1
    _say(f"simulator listening on {'https' if tls else 'http'}://{arguments.host}:{listener.port}")
    if own_port:
        controls.pause, controls.resume = listener.pause, listener.resume
        control = Listener("127.0.0.1", arguments.control_port, None, controls)
        _say(f"control on http://127.0.0.1:{control.port}")
    try:
        while True:
            sleep(_KEEP_SECONDS)
            if kept:
                keeping.save(switch, kept)
    finally:
        if kept:
            keeping.save(switch, kept)


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        seed=arguments.seed,
        directories=(arguments.directory,) if arguments.directory else Options.directories,
        suffix=arguments.suffix,
        content_type=arguments.content_type,
        zone=arguments.timezone,
        allow=frozenset(filter(None, arguments.allow.split(","))),
        older=arguments.version == "2.1.4",
        pages_alone=arguments.pages_alone,
        quiet=arguments.quiet_world,
        extra_fields=tuple(arguments.extra_field),
        deduction_sign=arguments.deduction_sign,
        counting=Counting(
            day_rule=arguments.day_rule,
            report_rule=arguments.report_day_rule or "",
            unanswered=arguments.report_unanswered == "counted",
            zones=dict(arguments.report_zone),
            states_own_midnight=arguments.report_midnight == "account",
            places=arguments.report_places,
            zero_start=arguments.zero_start,
        ),
        keep_empty_lists=arguments.empty_lists == "keep",
        quiet_hours=arguments.quiet_hours,
        longest_range=arguments.longest_range,
    )


def _tls(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"unknown time zone {name}") from error


def _hours(text: str) -> tuple[time, time]:
    try:
        first, end = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError as error:
        raise argparse.ArgumentTypeError("expected hours such as 08:00-20:00") from error
    return first, end


def _account_zone(text: str) -> tuple[str, str]:
    account, zone = _pair(text)
    return account, _zone(zone).key


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A stand-in VOS3000 softswitch.")
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, required=True, help="0 picks a free one")
    add("--control-port", type=int, help="a port of its own for /control/, so that a pause can close the other")
    add("--seed", type=int, default=1, help="of the sample world")
    add("--directory", default="", help="of every operation's path, in the place of the vendor's two")
    add("--content-type", default="", help="the only media type that a request may have, such as text/plain")
    add("--suffix", default="", help="of every operation's path, such as .jsp")
    add("--timezone", type=_zone, default="UTC", help="of the switch's calendar")
    add("--allow", default="", metavar="ADDRESS,…", help="source addresses that may call; all when not given")
    add("--version", choices=("2.1.9", "2.1.4"), default="2.1.9")
    add("--pages-alone", action="store_true", help="the older interface alone: pages with a login at /thirdparty")
    add("--quiet-world", action="store_true", help="no new calls, rents or top-ups of its own")
    add("--extra-field", type=_pair, action="append", default=[], metavar="NAME=VALUE", help="wanted in every body")
    add("--deduction-sign", type=int, choices=(-1, 1), default=-1, help="of a deduction's fee in GetPayHistory")
    add("--day-rule", choices=("start", "stop", "both"), default="start", help="which end of a call says its day")
    add("--report-day-rule", choices=("start", "stop", "both"), help="the same for reports, where it is another")
    add("--report-unanswered", choices=("counted", "left-out"), default="counted", help="of calls, in reports")
    add("--report-zone", type=_account_zone, action="append", default=[], metavar="ACCOUNT=ZONE", help="of its reports")
    add("--report-midnight", choices=("account", "switch"), default="account", help="whose days a report states")
    add("--report-places", type=int, choices=range(2, 7), help="to which reports round what a day costs")
    add("--zero-start", action="store_true", help="calls without an answer have no start, and are of the day they end")
    add("--empty-lists", choices=("omit", "keep"), default="omit", help="in answers")
    add("--quiet-hours", type=_hours, metavar="08:00-20:00", help="when, by its own clock, call records are refused")
    add("--longest-range", type=int, default=0, metavar="DAYS", help="that one request may be about; any unless set")
    add("--state-file", type=Path, metavar="FILE", help="keep the world here and go on with it at the next start")
    add("--tls-cert", metavar="FILE")
    add("--tls-key", metavar="FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
