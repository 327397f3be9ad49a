"""Reads a list of e-mail addresses that somebody pasted or uploaded: one a line, or a table with a column email."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput, InvalidRows
from annotation.pasted_table import pasted_rows

MOST_ADDRESSES = 20_000
HEADINGS = {"email", "e-mail", "mail", "email address", "address"}


@dataclass(frozen=True)
class Addresses:
    """The addresses in the order they were given, each once; n_doubles: how many came again."""

    addresses: list[str]
    n_doubles: int


def read_addresses(text: str) -> Addresses:
    """Raises InvalidRows with every row that is no address; then nobody is invited."""
    cells = _cells(text.replace("\x00", ""))
    if not cells:
        raise InvalidInput(_("There is no address in this list."), {"addresses": [_("Give at least one address.")]})
    if len(cells) > MOST_ADDRESSES:
        sentence = _("%(n)s addresses; at most %(most)s are invited at once.") % {
            "n": len(cells),
            "most": MOST_ADDRESSES,
        }
        raise InvalidInput(sentence, {"addresses": [sentence]})
    wrong: list[dict[str, object]] = []
    found: dict[str, str] = {}
    for row, cell in cells:
        reason = _what_is_wrong(cell)
        if reason:
            wrong.append({"row": row, "field": "email", "message": reason})
        else:
            found.setdefault(cell.lower(), cell)
    if wrong:
        message = _(
            "%(n)s of %(all)s addresses cannot be used; nobody was invited. Correct them and send the list again."
        )
        raise InvalidRows(message % {"n": len(wrong), "all": len(cells)}, wrong)
    return Addresses(list(found.values()), len(cells) - len(found))


def _cells(text: str) -> list[tuple[int, str]]:
    """(row, address) of every row that is not empty; of a table the column named email, else the first with an @."""
    column: int | None = None
    cells = []
    for number, row in enumerate(pasted_rows(text), start=1):
        values = [value.strip() for value in row]
        if not any(values):
            continue
        if column is None and any(value.lower() in HEADINGS for value in values):
            column = next(place for place, value in enumerate(values) if value.lower() in HEADINGS)
            continue
        if column is not None:
            cells.append((number, values[column] if column < len(values) else ""))
        else:
            cells += (
                [(number, value) for value in values if value] if _all_addresses(values) else [(number, _first(values))]
            )
    return [(number, _bare(cell)) for number, cell in cells]


def _all_addresses(values: list[str]) -> bool:
    return all("@" in value for value in values if value)


def _first(values: list[str]) -> str:
    return next((value for value in values if "@" in value), " ".join(value for value in values if value))


def _bare(cell: str) -> str:
    """'Anna <anna@example.org>' is anna@example.org; the name is not kept."""
    return cell[cell.index("<") + 1 : -1].strip() if cell.endswith(">") and "<" in cell else cell


def _what_is_wrong(cell: str) -> str:
    shown = cell if len(cell) <= 60 else cell[:57] + "..."
    if not cell:
        return _("There is no address in this row.")
    if "@" not in cell:
        return _("%r has no @, so it is no address.") % shown
    if len(cell) > 254:
        return _("An address has at most 254 characters; this one has %s.") % len(cell)
    try:
        validate_email(cell)
    except ValidationError:
        return _("%r is no address that mail can be sent to.") % shown
    return ""


def mark_of(address: str) -> str:
    """A keyed hash: the same address has the same mark, and without this site's key nobody gets back from it."""
    return salted_hmac("annotation.invitation.mark", address.strip().lower(), algorithm="sha256").hexdigest()
