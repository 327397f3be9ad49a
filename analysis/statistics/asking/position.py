"""Whether the place of an option on the screen changes how often it is chosen.

Every person is shown the options in an order of her own, drawn by chance, so labels and places are independent, and
what differs between places is their effect. At each place: how often its label was chosen, less the share of the
others, with their own orders, who chose that label at the same stimulus.

Source: order effects as in Krosnick and Alwin (1987), An Evaluation of a Cognitive Theory of Response-Order Effects.
"""

import numpy as np

from analysis.statistics.asking.answers import AskedAnswers
from analysis.statistics.asking.clustered import Effect, clustered_mean, clustered_slope

LEAST_ORDERS = 5


def position_effects(answers: AskedAnswers) -> tuple[Effect, Effect, list[Effect]]:
    """The slope per place down the screen; the first place; every place: differences in shares of answers."""
    known = np.flatnonzero((answers.order >= 0) & (answers.n_others > 0))
    seen = np.unique(answers.orders[np.unique(answers.order[known])], axis=0)
    names = ("per place", "first place")
    if len(seen) < LEAST_ORDERS:
        reason = (
            "The order of the options was not recorded."
            if not len(seen)
            else f"The options came in {len(seen)} order{'' if len(seen) == 1 else 's'} only, so a place cannot be "
            "told from the label that stood there. Let the order differ between people."
        )
        n, n_people = len(known), len(np.unique(answers.person[known]))
        slope, first = (Effect.unknown(name, reason, causal=True, n=n, n_people=n_people) for name in names)
        return slope, first, []
    shown = answers.orders[answers.order[known]]  # (n, K) the label at each place
    at_place = np.take_along_axis(answers.excess[known], shown, axis=1)
    person, stimulus = answers.person[known], answers.stimulus[known]
    places = np.arange(answers.n_labels) - (answers.n_labels - 1) / 2
    slope = clustered_slope(names[0], at_place, np.tile(places, (len(known), 1)), person, stimulus, causal=True)
    each = [
        clustered_mean(str(place + 1), at_place[:, place], person, stimulus, causal=True)
        for place in range(answers.n_labels)
    ]
    first = Effect(**{**each[0].__dict__, "name": names[1]})
    return slope, first, each
