"""Source: none; in which direction a metric of texts is wanted, for those who show figures and compute none."""

MORE, LESS, LIKE_PEOPLE, NEITHER = "more", "less", "like people", "neither"
