"""The split: fixed for ever, near 85/5/10, different under another seed."""

from collections import Counter

from snapshots.split import split_of


def test_a_stimulus_never_changes_its_split() -> None:
    # Pinned: networks trained last year were held out on exactly these.
    assert split_of("stimulus 0") == "train"
    assert [n for n in range(200) if split_of(f"stimulus {n}") == "val"] == [
        6,
        35,
        58,
        87,
        97,
        144,
        156,
        162,
        164,
        166,
        190,
        191,
    ]
    assert [n for n in range(100) if split_of(f"stimulus {n}") == "test"] == [27, 37, 61, 72, 92]


def test_the_shares_are_near_85_5_10() -> None:
    counts = Counter(split_of(str(n)) for n in range(100_000))
    assert abs(counts["train"] - 85_000) < 500
    assert abs(counts["val"] - 5_000) < 300
    assert abs(counts["test"] - 10_000) < 400


def test_another_seed_draws_again() -> None:
    moved = sum(split_of(str(n)) != split_of(str(n), seed=1) for n in range(10_000))
    expected = 1 - (0.85**2 + 0.05**2 + 0.10**2)
    assert abs(moved / 10_000 - expected) < 0.02
