"""What a service refuses, judged by its code and figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from billing.lib.reasons import Because, Figure, Reason, RefusedBecause


@contextmanager
def refused(kind: type[RefusedBecause], reason: Reason, **figures: Figure) -> Iterator[None]:
    """Expect a refusal of this kind, for exactly this reason."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.because == Because(reason, figures)
