"""The public explorer: what of one frozen snapshot anybody may see, made once, served without the live tables.

make.py takes out of a snapshot what may be shown, shown.py reads it again for the pages.
"""
