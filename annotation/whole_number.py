"""Whole numbers in what a browser or a program sends."""

MOST_DIGITS = 18  # so the database's bigint holds it


def whole_number(text: str, *, otherwise: int = 0) -> int:
    """The number that a text of digits is; `otherwise` where it is none, such as '', '-1', '²' or a page of digits.

    Rows begin with 1, so 0 finds none.
    """
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else otherwise
