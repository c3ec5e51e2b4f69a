"""A simulator in a process of its own, for as long as a with-block lasts."""

import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.control import Control

_ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 30
_STOP_SECONDS = 5


class SimulatorProcess:
    """Starts `python -m simulator` on free ports with further `options`, such as "--suffix", ".jsp".

    Inside the block `url` is the switch's address and `control` its control interface, on another port.
    """

    url: str
    control: Control

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the simulator is not running")
        return self._process.pid

    def start(self) -> None:
        command = [sys.executable, "-m", "simulator", "--port", "0", "--control-port", "0", *self._options]
        self._process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE)  # noqa: S603 -- our own module
        self.url = self._address("simulator listening on ")
        self.control = Control(self._address("control on "))

    def stop(self) -> int:
        """End the process and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            code = process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return code

    def _address(self, before: str) -> str:
        line = self._line()
        if not line.startswith(before):
            self.stop()
            raise RuntimeError(f"the simulator did not start: {line!r}")
        return line.removeprefix(before)

    def _line(self) -> str:
        """Read a line byte by byte: a buffer of ours would hide the second line from select."""
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("the simulator is not running")
        output, text = self._process.stdout.fileno(), b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([output], [], [], _START_SECONDS)
            byte = os.read(output, 1) if ready else b""
            if not byte:
                break
            text += byte
        return text.decode().strip()
