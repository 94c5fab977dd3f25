"""Objects and fields, as data."""

from .catalog import Schema
from .model import TEXT_TYPES, Field, PicklistValue, SObject
from .objects import LINK_FIELD

__all__ = ["LINK_FIELD", "TEXT_TYPES", "Field", "PicklistValue", "SObject", "Schema"]
