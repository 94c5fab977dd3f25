"""Why a command could not do what it says."""


class CommandError(Exception):
    """The message is for the person at the terminal."""
