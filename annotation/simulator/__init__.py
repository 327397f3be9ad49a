"""A simulated crowd, to dry-run a study before anyone is paid. Its answers are not human data."""
