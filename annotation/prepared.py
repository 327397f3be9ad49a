"""Statements on the way of every response, which the server reads and plans once per connection.

The ORM takes longer to spell such a statement than the server to run it, and the server longer to plan it.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import Model

_M = TypeVar("_M", bound=Model)
_PLACE = re.compile(r"%\((\w+)\)s")
# per connection of the driver: a new one, after the database was away, knows none
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Prepared:
    """An SQL statement with %(name)s where a value stands, and {name} where one of `parts` does.

    Where the server cannot tell a value's type from its place, write it: %(names)s::text[]. parts: SQL of ours.
    """

    def __init__(self, sql: str, **parts: str) -> None:
        sql = sql.format(**parts)
        names: list[str] = list(dict.fromkeys(_PLACE.findall(sql)))
        self.sql = _PLACE.sub(lambda found: f"${names.index(found[1]) + 1}", sql)
        self.name = f"commonground_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
        places = ", ".join(f"%({name})s" for name in names)
        self._execute = f"execute {self.name} ({places})" if names else f"execute {self.name}"

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Runs it with these values; what it returns, if it returns rows. Values it does not name are left out."""
        with connection.cursor() as cursor:
            known = _known.setdefault(connection.connection, set())
            if self.name not in known:
                cursor.execute(f"prepare {self.name} as {self.sql}")
                known.add(self.name)
            cursor.execute(self._execute, values)
            return list(cursor.fetchall()) if cursor.description else []

    def row(self, **values: Any) -> tuple[Any, ...] | None:
        """Its first row."""
        rows = self.rows(**values)
        return rows[0] if rows else None


def columns(model: type[Model], names: Sequence[str] | None = None, table: str = "") -> str:
    """The model's columns, all or those of these fields, in its order. table: the table's name in that select."""
    quoted = [f'"{field.column}"' for field in _fields(model, names and tuple(names))]
    return ", ".join(f"{table}.{column}" if table else column for column in quoted)


def from_row(model: type[_M], row: Sequence[Any], names: Sequence[str] | None = None) -> _M:
    """The model's object from the values of `columns`; a field that is not among them is read when it is asked for."""
    fields = _fields(model, names and tuple(names))
    values = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, row, strict=True)
    ]
    return model.from_db(connection.alias, [field.attname for field in fields], values)


def insert(model: type[Model], before: str = "", after: str = "") -> Prepared:
    """The statement that stores a new object of this model from `insert_values`, and returns its id.

    before, after: what stands around it, `with name as (...)` in front. Columns with a default of the database are left
    to it.
    """
    fields = _written(model)
    return Prepared(
        "{before} insert into {table} ({columns}) values ({places}) returning id {after}",
        before=before,
        after=after,
        table=model._meta.db_table,
        columns=", ".join(f'"{field.column}"' for field in fields),
        places=", ".join(f"%({field.attname})s" for field in fields),
    )


def insert_values(instance: Model) -> dict[str, Any]:
    """What `insert` needs to store this object."""
    return {
        field.attname: field.get_db_prep_save(getattr(instance, field.attname), connection)
        for field in _written(type(instance))
    }


@cache
def _fields(model: type[Model], names: tuple[str, ...] | None) -> list[Any]:
    return [field for field in model._meta.concrete_fields if names is None or field.name in names]


@cache
def _written(model: type[Model]) -> list[Any]:
    fields = [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]
    return [field for field in fields if not field.has_db_default()]
