"""Tables that are pasted into a form: addresses of people, bonuses; and numbers as browsers send them."""

import pytest

from annotation.errors import InvalidInput
from annotation.pasted_table import pasted_rows
from annotation.recruitment.invitation.addresses import read_addresses
from annotation.whole_number import whole_number


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_whatever_separates_lines_and_cells_the_rows_are_the_same(line_end: str, delimiter: str) -> None:
    text = line_end.join([f"pseudonym{delimiter} amount", f'a-7gk{delimiter}"4.25"', ""])
    assert pasted_rows("\ufeff" + text) == [["pseudonym", "amount"], ["a-7gk", "4.25"]]


def test_a_decimal_comma_is_no_separator_in_a_table_of_semicolons() -> None:
    assert pasted_rows("pseudonym;amount\na-7gk;4,25\n")[1] == ["a-7gk", "4,25"]


@pytest.mark.parametrize("text", ["email\n" + "x" * 200_000, 'email\n"anna@example.org\n' + "x\n" * 100_000])
def test_what_is_no_table_is_said_and_not_an_error_of_the_server(text: str) -> None:
    with pytest.raises(InvalidInput, match="a cell is longer than 131,072 characters, or a quotation mark"):
        read_addresses(text)


def test_addresses_with_old_line_ends_are_read() -> None:
    assert read_addresses("anna@example.org\rbo@example.org\r").addresses == ["anna@example.org", "bo@example.org"]


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "①", "one", "9" * 19, "9" * 5_000, "\x00"])
def test_what_is_no_whole_number_names_no_row(text: str) -> None:
    assert whole_number(text) == 0
    assert whole_number(text, otherwise=-1) == -1


def test_digits_of_other_scripts_are_digits() -> None:
    assert [whole_number(text) for text in ("42", " 42 ", "٤٢", "0")] == [42, 42, 42, 0]
