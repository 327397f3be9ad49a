"""How good a network is beside people: one metric per file, arrays in, numbers out; no Django, no torch.

Every metric takes `counts` (n, K), the answers of people, and `predicted` (n, K), the network's distributions, row for
row, and gives an Estimate that says on how many rows it stands.
"""
