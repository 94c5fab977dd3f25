"""What can go wrong with a mapping file."""


class MappingError(Exception):
    """A mapping file that cannot be used; the message names the file, the place in it and what is wrong."""
