"""What a switch may answer: nothing, a sample from a real server, and to a payment every end that proves nothing."""

from __future__ import annotations

from pathlib import Path

from tests.support.rawserver import Reply, hang_up, reply, reset, send_raw

DATA = Path(__file__).parents[1] / "vos3000" / "data"
NONE = '{"retCode":0}'
DONE = '{"retCode":0,"infoPay":{"account":"A-1","money":112.5,"validTime":9223372036854775807,"payMoney":12.5}}'
NOT_FOUND = '{"retCode":-10007,"exception":"Not found, operation failed."}'


def sample(name: str) -> Reply:
    return reply((DATA / f"{name}.json").read_bytes())


UNKNOWN_ENDS: dict[str, Reply] = {
    "reset after the request": reset,
    "closed without an answer": hang_up,
    "closed within the status line": send_raw(b"HTTP/1."),
    "closed within the headers": send_raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "not HTTP": send_raw(b"\x16\x03\x01 nonsense\r\n\r\n"),
    "empty body": reply(""),
    "blank body": reply("\r\n"),
    "cut body": reply(DONE[:60], length=len(DONE)),
    "cut body that says it is whole": reply(DONE[:60]),
    "cut chunk": send_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"),
    "nonsense instead of a chunk": send_raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{"),
    "nonsense instead of gzip": reply(DONE, headers="Content-Encoding: gzip\r\n"),
    "HTML": reply("<html>busy</html>"),
    "403": reply(DONE, status="403 Forbidden"),
    "404": reply("<html>", status="404 Not Found"),
    "500": reply(DONE, status="500 Internal Server Error"),
    "503 that asks to come again": reply("", status="503 Busy", headers="Retry-After: 0\r\n"),
    "201": reply(DONE, status="201 Created"),
    "redirect": reply("", status="302 Found", headers="Location: /external/server/Pay\r\n"),
    "redirect that keeps the method": reply("", status="307 Again", headers="Location: /external/server/Pay\r\n"),
    "unlisted code": reply('{"retCode":-10001,"exception":"time out"}'),
    "positive code": reply('{"retCode":1}'),
    "no code": reply('{"infoPay":{"account":"A-1","payMoney":12.5}}'),
    "code null": reply('{"retCode":null}'),
    "code true": reply('{"retCode":true,"infoPay":{"account":"A-1","payMoney":12.5}}'),
    "a list": reply("[0]"),
    "not UTF-8": reply(DONE.replace("A-1", "\xff").encode("latin-1")),
    "no infoPay": reply('{"retCode":0}'),
    "no payMoney": reply('{"retCode":0,"infoPay":{"account":"A-1","money":112.5}}'),
    "another payMoney": reply(DONE.replace("12.5}", "12.4}")),
    "the opposite payMoney": reply(DONE.replace("12.5}", "-12.5}")),
    "payMoney is not a number": reply(DONE.replace("12.5}", '"NaN"}')),
    "another account": reply(DONE.replace("A-1", "A-2")),
    "text after the answer": reply(DONE + "{}"),
    "deeply nested": reply("[" * 100_000),
}
