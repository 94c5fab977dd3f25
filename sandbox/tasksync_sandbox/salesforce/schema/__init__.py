"""Objects and fields, as data."""

from tasksync_sandbox.salesforce.schema.catalog import Schema
from tasksync_sandbox.salesforce.schema.model import NUMBER_TYPES, TEXT_TYPES, Field, PicklistValue, SObject
from tasksync_sandbox.salesforce.schema.objects import LINK_FIELD

__all__ = ["LINK_FIELD", "NUMBER_TYPES", "TEXT_TYPES", "Field", "PicklistValue", "SObject", "Schema"]
