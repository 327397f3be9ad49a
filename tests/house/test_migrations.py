"""The tables are what the models say, and every step can be taken back or says why not."""

import inspect
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

OUR_APPS = {"jobs", "annotation", "modelserve", "analysis"}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    said = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said, stderr=said)
    except SystemExit:
        pytest.fail(f"run manage.py makemigrations and commit what it makes:\n{said.getvalue()}")


@pytest.mark.django_db
def test_every_migration_can_be_taken_back_or_says_why_not() -> None:
    silent = []
    for (app, name), migration in MigrationLoader(connection).disk_migrations.items():
        if app not in OUR_APPS:
            continue
        one_way = [operation for operation in _all(migration.operations) if not operation.reversible]
        source = inspect.getsource(import_module(f"{app}.migrations.{name}"))
        if one_way and "cannot be reversed" not in source:
            silent.append(f"{app}.{name}: {', '.join(operation.describe() for operation in one_way)}")
    assert not silent, "give a reverse, or say in a comment why it 'cannot be reversed':\n" + "\n".join(silent)


def _all(operations: list[Operation]) -> list[Operation]:
    return [*operations, *(inner for one in operations for inner in getattr(one, "database_operations", []))]


@pytest.mark.django_db(transaction=True)
def test_all_our_tables_can_go_and_come_back() -> None:
    try:
        for app in ("analysis", "modelserve", "annotation", "jobs"):
            call_command("migrate", app, "zero", verbosity=0)
        left = {table for table in connection.introspection.table_names() if table.split("_")[0] in OUR_APPS}
        assert left == set()
    finally:
        call_command("migrate", verbosity=0)
    assert "annotation_response" in connection.introspection.table_names()


def test_two_migrations_never_stand_side_by_side() -> None:
    assert MigrationLoader(None).detect_conflicts() == {}
