"""Who is held out: by the stored share, the same at every look, and not to be guessed without the seed."""

import numpy as np

from annotation.machine_texts.lot import drawn_share


def test_the_draw_is_uniform_over_people_and_another_one_for_another_seed() -> None:
    people = [f"a-{number}" for number in range(4000)]
    draws = np.array([[drawn_share(seed, person) for person in people] for seed in (1, 2**63 - 1)])
    assert draws.min() >= 0
    assert draws.max() < 1
    for share in (0.1, 0.5, 0.9):
        assert abs((draws < share).mean(axis=1) - share).max() < 0.03
    assert abs(np.corrcoef(draws)[0, 1]) < 0.05


def test_the_draw_is_as_documented() -> None:
    assert drawn_share(20221004, "a-somebody") == drawn_share(20221004, "a-somebody")
    assert drawn_share(20221004, "a-somebody") != drawn_share(20221005, "a-somebody")
