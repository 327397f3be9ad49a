"""Numbers in, accessible SVG out. No Django, no inline styles: colours come from classes of the style sheets.

Across, everything is placed in percent of the drawing's width; down, in pixels. Words thus keep their size on a phone
and on a wide screen while bars and axes stretch.
"""

from analysis.charts.columns import Column, columns
from analysis.charts.dots import Dot, dots
from analysis.charts.marks import mark_class
from analysis.charts.parts_bar import WholePart, parts_bar
from analysis.charts.share_bars import ShareBar, share_bars
from analysis.charts.strip import strip

__all__ = [
    "Column",
    "Dot",
    "ShareBar",
    "WholePart",
    "columns",
    "dots",
    "mark_class",
    "parts_bar",
    "share_bars",
    "strip",
]
