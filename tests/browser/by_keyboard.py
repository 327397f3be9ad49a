"""A person who has nothing but a keyboard, and wants to see where she is."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

MOST_TABS = 60

# What has the focus, and whether one can see it: an outline around it, or around the label that stands for it.
_FOCUSED = """() => {
  const element = document.activeElement;
  const shown = [element, element.closest('label')].filter(Boolean).some(each => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  });
  const box = (element.closest('label') ?? element).getBoundingClientRect();
  return { name: (element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent).trim(),
    id: element.id, tag: element.tagName, isShown: shown, top: box.top, left: box.left,
    isInView: box.bottom > 0 && box.top < innerHeight };
}"""


def focused(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_FOCUSED)
    return found


def tab_to(page: Page, name: str, *, key: str = "Tab") -> list[dict[str, Any]]:
    """Presses Tab (or Shift+Tab) until the named thing has the focus; every stop on the way must be seen."""
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        stop = focused(page)
        stops.append(stop)
        assert stop["isShown"], f"nobody sees that the focus is on {stop}"
        assert stop["isInView"], f"the focus is outside the window, on {stop}"
        if re.search(name, stop["name"]):
            return stops
    pytest.fail(f"{key} never came to {name}, but to {[stop['name'] for stop in stops]}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    """Goes there by Tab, and presses it."""
    tab_to(page, name)
    page.keyboard.press(key)
