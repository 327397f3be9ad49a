"""What every test of snapshots may ask for."""

from nasty_study import freeze  # noqa: F401  (a fixture is found by being here)
