"""The field map between reminder and task, and the pure merge over it."""

from tasksync_mappings.deletion import DeletePolicy, DeletionOutcome, merge_deletion
from tasksync_mappings.errors import MappingError
from tasksync_mappings.fields import DOES_NOT_TRAVEL, Field, Kind, Pair, Side, Users, other
from tasksync_mappings.mapping import Base, FieldMap, Translation, Values, load_mapping
from tasksync_mappings.merge import (
    UNSET,
    Conflict,
    ConflictPolicy,
    Decision,
    Rule,
    Times,
    merge,
)
from tasksync_mappings.subject import TEMPLATE_FIELDS, TEMPLATE_MEMBERS, template_fields

__all__ = [
    "DOES_NOT_TRAVEL",
    "TEMPLATE_FIELDS",
    "TEMPLATE_MEMBERS",
    "UNSET",
    "Base",
    "Conflict",
    "ConflictPolicy",
    "Decision",
    "DeletePolicy",
    "DeletionOutcome",
    "Field",
    "FieldMap",
    "Kind",
    "MappingError",
    "Pair",
    "Rule",
    "Side",
    "Times",
    "Translation",
    "Users",
    "Values",
    "load_mapping",
    "merge",
    "merge_deletion",
    "other",
    "template_fields",
]
