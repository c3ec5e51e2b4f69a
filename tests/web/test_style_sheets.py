"""What the style sheets promise: tokens are the only literals, and text can be read in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

SHEETS = Path(settings.BASE_DIR) / "static" / "portal"
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall((SHEETS / "tokens.css").read_text())}
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", re.IGNORECASE)
TEXT = [
    *(("ink", "card"), ("ink", "page"), ("ink-2", "card"), ("ink-2", "page"), ("ink-2", "sunk")),
    *(("ink-3", "card"), ("ink-3", "page"), ("accent", "card"), ("accent", "accent-soft"), ("on-accent", "accent")),
    *(("warn", "card"), ("warn", "warn-soft"), ("bad", "card"), ("bad", "bad-soft"), ("page", "ink")),
]


@pytest.mark.parametrize("sheet", [path.name for path in SHEETS.glob("*.css") if path.name != "tokens.css"])
def test_colours_are_tokens(sheet: str) -> None:
    assert COLOUR.findall((SHEETS / sheet).read_text()) == []


@pytest.mark.parametrize(("text", "ground"), TEXT)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(text: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[text][theme], TOKENS[ground][theme]) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
