"""The version comes from the changelog's topmost heading."""

from snapshots.version import changelog_version, code_version


def test_the_topmost_heading_is_the_version() -> None:
    assert changelog_version("# Changelog\n\n## 0.2.0 (coming)\n- x\n\n## 0.1.0 - 2026-01-01\n") == "0.2.0"
    assert changelog_version("# Changelog\n\n## [1.10.3]\n") == "1.10.3"
    assert changelog_version("nothing yet") == "0"


def test_this_program_knows_its_version() -> None:
    assert code_version().split("+")[0].count(".") >= 1
