"""Keeps the world on disk, so that a demo that is started again goes on with the same money and calls."""

import pickle
from pathlib import Path

from simulator.switch import Switch


def save(switch: Switch, path: Path) -> None:
    """Write the world. The file is whole at any moment: it holds the old world or the new one."""
    with switch.lock:
        switch.advance()
        world = pickle.dumps((switch.state, switch.pending), protocol=pickle.HIGHEST_PROTOCOL)
    being_written = path.with_name(path.name + ".new")
    being_written.touch(mode=0o600)
    being_written.write_bytes(world)
    being_written.replace(path)


def load(switch: Switch, path: Path) -> None:
    """Put the kept world in the place of the fresh one; without a file that stays. The options of this start hold."""
    if not path.exists():
        return
    state, pending = pickle.loads(path.read_bytes())  # noqa: S301  # written by `save`, for its own user alone
    state.options = switch.options
    state.counting = switch.options.counting
    state.clock.zone = switch.options.zone
    with switch.lock:
        switch.state, switch.pending = state, pending
