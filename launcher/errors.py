"""What can go wrong before or while the servers run."""


class LaunchError(Exception):
    """Ends the command; its text is a sentence for the person who started it: what, where, what to do."""
