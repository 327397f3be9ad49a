"""Answers whose asking shaped them by known amounts."""

import numpy as np

from analysis.statistics.asking import AskedAnswers


def simulated_asking(
    seed: int,
    *,
    n_people: int = 120,
    n_stimuli: int = 600,
    per_person: int = 40,
    first_place: float = 0.0,
    carry_over: float = 0.0,
    from_image: float = 0.0,
    fatigue: float = 0.0,
    speeding: float = 0.0,
    one_order: bool = False,
    phone_label: float = 0.0,
) -> AskedAnswers:
    """Each answer follows the stimulus's own distribution, but for these chances:

    first_place: the label shown first is taken. carry_over: the person's last label. from_image: a label drawn from
    what the image before moves people to. fatigue: a blind pick, more likely by this much at every further image of the
    session. phone_label: people on a phone (every third) choose label 0. speeding: change of log seconds per image.
    """
    random = np.random.default_rng(seed)
    k = 5
    shares = random.dirichlet(np.full(k, 0.6), n_stimuli)
    orders = np.array([random.permutation(k) for _ in range(n_people)])
    if one_order:
        orders[:] = np.arange(k)
    rows = []
    for person in range(n_people):
        seen = random.permutation(n_stimuli)[:per_person]
        on_phone = person % 3 == 0
        last = None
        for place, stimulus in enumerate(seen):
            draw = random.random()
            label = int(random.choice(k, p=shares[stimulus]))
            if draw < first_place:
                label = int(orders[person, 0])
            elif draw < first_place + carry_over and last is not None:
                label = last
            elif draw < first_place + carry_over + from_image and place:
                label = int(random.choice(k, p=shares[seen[place - 1]]))
            elif draw < first_place + carry_over + from_image + fatigue * place:
                label = int(random.integers(k))
            elif on_phone and random.random() < phone_label:
                label = 0
            seconds = 20 * np.exp(speeding * place + 0.3 * random.normal())
            rows.append((stimulus, person, label, place + 1, place * 30.0, seconds, person, int(on_phone)))
            last = label
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    integers = [columns[at].astype(np.int64) for at in (0, 1, 2, 3, 6, 7)]
    return AskedAnswers(
        stimulus=integers[0],
        person=integers[1],
        label=integers[2],
        sequence=integers[3],
        seconds_since=columns[4].astype(float),
        seconds=columns[5].astype(float),
        order=integers[4],
        orders=orders,
        circumstances={"language": np.zeros(len(rows), dtype=np.int64), "device": integers[5]},
        values={"language": ["en"], "device": ["desktop", "phone"]},
        n_stimuli=n_stimuli,
        n_people=n_people,
        n_labels=k,
    )
