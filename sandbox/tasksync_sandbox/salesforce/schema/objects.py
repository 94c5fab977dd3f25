"""The standard objects, as the Object Reference describes them (Salesforce facts, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_sandbox.salesforce.schema.build import field, picklist, reference, sobject

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.schema.model import Field, SObject

LINK_FIELD = field(
    "Sales_Connect_Id__c",
    "string",
    64,
    label="Sales Connect Id",
    unique=True,
    external_id=True,
    case_sensitive=True,
    custom=True,
)
"""The custom External ID field on Activity that this project deploys."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


_RECURRENCE_TYPES = (
    "RecursDaily",
    "RecursEveryWeekday",
    "RecursMonthly",
    "RecursMonthlyNth",
    "RecursWeekly",
    "RecursYearly",
    "RecursYearlyNth",
)


def _recurrence_fields() -> list[Field]:
    return [
        field("IsRecurrence", "boolean", flags="CFSGD"),
        field("RecurrenceStartDateOnly", "date"),
        field("RecurrenceEndDateOnly", "date"),
        picklist(
            "RecurrenceType",
            40,
            _RECURRENCE_TYPES,
            flags="CUFSGNR",
        ),
        field("RecurrenceInterval", "int"),
        field("RecurrenceDayOfWeekMask", "int"),
        field("RecurrenceDayOfMonth", "int"),
        picklist("RecurrenceInstance", 40, ["First", "Second", "Third", "Fourth", "Last"], flags="CUFSGNR"),
        picklist("RecurrenceMonthOfYear", 40, _MONTHS, flags="CUFSGNR"),
        field("RecurrenceTimeZoneSidKey", "string", 40),
        picklist(
            "RecurrenceRegeneratedType",
            40,
            ["RecurrenceRegenerateAfterDueDate", "RecurrenceRegenerateAfterToday", "RecurrenceRegenerated"],
            flags="CUFSGNR",
        ),
        reference("RecurrenceActivityId", "Task", flags="FSGN"),
    ]


TASK = sobject(
    "Task",
    "00T",
    [
        reference("WhoId", "Contact", "Lead"),
        reference("WhatId", "Account", "Opportunity"),
        field("WhoCount", "int", flags="FSGN"),
        field("WhatCount", "int", flags="FSGN"),
        field("Subject", "combobox", 255, "CUFSN"),
        field("ActivityDate", "date", label="Due Date Only"),
        picklist(
            "Status",
            40,
            ["*Not Started", "In Progress", "!Completed", "Waiting on someone else", "Deferred"],
            flags="CUFSGD",
        ),
        picklist("Priority", 40, ["High", "*Normal", "Low"], flags="CUFSGD"),
        field("IsHighPriority", "boolean", flags="FSGD"),
        reference("OwnerId", "User", "Group", flags="CUFSGD"),
        field("Description", "textarea", 32000, "CUN"),
        picklist("Type", 40, ["Call", "Email", "Meeting", "Other"]),
        reference("AccountId", "Account", flags="FSGN"),
        field("IsClosed", "boolean", flags="FSGD"),
        field("IsArchived", "boolean", flags="FSGD"),
        field("IsVisibleInSelfService", "boolean", flags="CUFSGD"),
        field("CallDurationInSeconds", "int"),
        picklist("CallType", 40, ["Internal", "Inbound", "Outbound"], flags="CUFSGNR"),
        field("CallDisposition", "string", 255),
        field("CallObject", "string", 255),
        field("ReminderDateTime", "datetime", flags="CUFSN"),
        field("IsReminderSet", "boolean", flags="CUFSGD"),
        *_recurrence_fields(),
        picklist(
            "TaskSubtype",
            40,
            ["*Task", "Email", "ListEmail", "Call", "LinkedIn", "Cadence"],
            flags="CFSGNDR",
        ),
        field("CompletedDateTime", "datetime", flags="FSN"),
        LINK_FIELD,
    ],
    name_field="Subject",
)

USER = sobject(
    "User",
    "005",
    [
        field("Username", "string", 80, "CUFSG", unique=True),
        field("LastName", "string", 80, "CUFSG"),
        field("FirstName", "string", 40),
        field("Name", "string", 121, "FSG", calculated=True),
        field("CompanyName", "string", 80),
        field("Title", "string", 80),
        field("Email", "email", 128, "CUFSG"),
        field("Phone", "phone"),
        field("Alias", "string", 8, "CUFSGD"),
        field("TimeZoneSidKey", "string", 40, "CUFSGD"),
        field("LocaleSidKey", "string", 40, "CUFSGD"),
        field("LanguageLocaleKey", "string", 40, "CUFSGD"),
        field("EmailEncodingKey", "string", 40, "CUFSGD"),
        field("IsActive", "boolean", flags="CUFSGD"),
        picklist("UserType", 40, ["*Standard", "PowerPartner", "CspLitePortal", "Guest", "AutomatedProcess"], "FSGR"),
        field("FederationIdentifier", "string", 512),
        reference("ManagerId", "User"),
        field("ProfileId", "string", 18, "CUFSGD"),
    ],
    deletable=False,
    undeletable=False,
)

_PERSON = [
    field("LastName", "string", 80, "CUFSG"),
    field("FirstName", "string", 40),
    field("Name", "string", 121, "FSG", calculated=True),
    field("Title", "string", 128),
    field("Email", "email"),
    field("Phone", "phone"),
    field("MobilePhone", "phone"),
    field("Description", "textarea", 32000, "CUN"),
]

CONTACT = sobject(
    "Contact",
    "003",
    [
        reference("AccountId", "Account"),
        *_PERSON,
        reference("OwnerId", "User", flags="CUFSGD"),
        field("Department", "string", 80),
        field("LastActivityDate", "date", flags="FSGN"),
    ],
)

LEAD = sobject(
    "Lead",
    "00Q",
    [
        *_PERSON,
        field("Company", "string", 255, "CUFSG"),
        picklist(
            "Status",
            255,
            ["*Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
            "CUFSGD",
        ),
        reference("OwnerId", "User", "Group", flags="CUFSGD"),
        field("IsConverted", "boolean", flags="CFSGD"),
        field("ConvertedDate", "date", flags="FSGN"),
        reference("ConvertedAccountId", "Account", flags="FSGN"),
        reference("ConvertedContactId", "Contact", flags="FSGN"),
        reference("ConvertedOpportunityId", "Opportunity", flags="FSGN"),
    ],
)

ACCOUNT = sobject(
    "Account",
    "001",
    [
        field("Name", "string", 255, "CUFSG"),
        picklist("Type", 255, ["Prospect", "Customer - Direct", "Partner", "Other"]),
        reference("ParentId", "Account"),
        field("Phone", "phone"),
        field("Website", "url"),
        picklist("Industry", 255, ["Banking", "Education", "Healthcare", "Technology", "Other"]),
        field("AnnualRevenue", "currency"),
        field("NumberOfEmployees", "int"),
        field("Description", "textarea", 32000, "CUN"),
        reference("OwnerId", "User", flags="CUFSGD"),
        field("LastActivityDate", "date", flags="FSGN"),
    ],
)

OPPORTUNITY = sobject(
    "Opportunity",
    "006",
    [
        reference("AccountId", "Account"),
        field("Name", "string", 120, "CUFSG"),
        field("Description", "textarea", 32000, "CUN"),
        picklist("StageName", 255, ["Prospecting", "Qualification", "Proposal", "Closed Won", "Closed Lost"], "CUFSG"),
        field("Amount", "currency"),
        field("CloseDate", "date", flags="CUFSG"),
        field("IsClosed", "boolean", flags="FSGD"),
        field("IsWon", "boolean", flags="FSGD"),
        reference("OwnerId", "User", flags="CUFSGD"),
        field("LastActivityDate", "date", flags="FSGN"),
    ],
)

ORGANIZATION = sobject(
    "Organization",
    "00D",
    [
        field("Name", "string", 80, "UFSG"),
        field("IsSandbox", "boolean", flags="FSGD"),
        field("InstanceName", "string", 40, "FSGN"),
        field("OrganizationType", "string", 40, "FSGN"),
        field("TimeZoneSidKey", "string", 40, "UFSG"),
        field("LanguageLocaleKey", "string", 40, "UFSG"),
        field("NamespacePrefix", "string", 15, "FSGN"),
    ],
    createable=False,
    deletable=False,
    undeletable=False,
    replicateable=False,
)

GROUP = sobject(
    "Group",
    "00G",
    [
        field("Name", "string", 40, "CUFSG"),
        field("DeveloperName", "string", 80),
        picklist("Type", 40, ["*Queue", "Regular", "Organization", "Role"], "CFSGDR"),
        field("Email", "email", 255),
        reference("RelatedId", "User", flags="FSGN", relationship="Related"),
        reference("OwnerId", "User", flags="FSGN"),
    ],
    undeletable=False,
)

NAME = sobject(
    "Name",
    "",
    [
        field("Name", "string", 255, "FSG"),
        field("FirstName", "string", 40, "FSGN"),
        field("LastName", "string", 80, "FSGN"),
        field("Type", "string", 40, "FSG"),
        field("Email", "email", flags="FSGN"),
        field("Phone", "phone", flags="FSGN"),
        field("Title", "string", 128, "FSGN"),
        field("Alias", "string", 8, "FSGN"),
        field("Username", "string", 80, "FSGN"),
        field("IsActive", "boolean", flags="FSG"),
        field("ProfileId", "string", 18, "FSGN"),
    ],
    createable=False,
)
"""What a polymorphic relationship shows of the record it points at (SOQL guide, "Relationship Fields and Name")."""

STANDARD: dict[str, SObject] = {
    s.name.lower(): s for s in (TASK, USER, CONTACT, LEAD, ACCOUNT, OPPORTUNITY, ORGANIZATION, GROUP)
}
