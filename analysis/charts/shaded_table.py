"""A square table of numbers as shades: a row's name above its cells, columns by the numbers of the rows."""

from collections.abc import Sequence

from analysis.charts import marks

ROW, CELL, HEAD = 44, 24, 20  # px
DARK_FROM = 6


def shaded_table(
    title: str,
    description: str,
    names: Sequence[str],
    values: Sequence[Sequence[float | None]],
    hrefs: Sequence[Sequence[str]] = (),
) -> str:
    """values: a row per name, a cell per name; None is left empty. The darkest cell is the highest number.

    hrefs: where each cell leads, such as to its images.
    """
    numbers = [value for row in values for value in row if value is not None]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    step = 100 / max(len(names), 1)
    parts = []
    for row, (name, cells) in enumerate(zip(names, values, strict=True)):
        top = row * ROW
        parts.append(marks.text(0, top + 14, f"{row + 1} {name}"))
        for column, value in enumerate(cells):
            if value is None:
                parts.append(marks.rect(column * step, top + HEAD, step, CELL, "track"))
                continue
            tenth = round(10 * (value - low) / ((high - low) or 1))
            css = "on-dark" if tenth >= DARK_FROM else ""
            cell = [
                marks.rect(column * step, top + HEAD, step, CELL, f"cell t{tenth}"),
                marks.text((column + 0.5) * step, top + HEAD + 17, marks.as_number(value), css, "middle"),
            ]
            parts.append(marks.link(hrefs[row][column] if hrefs else "", cell))
    bottom = len(names) * ROW
    for column in range(len(names)):
        parts.append(marks.text((column + 0.5) * step, bottom + 14, str(column + 1), "axis-text", "middle"))
    return marks.frame(bottom + HEAD, title, description, parts)
