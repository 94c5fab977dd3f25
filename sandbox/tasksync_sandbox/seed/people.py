"""Users of both systems, and the people they sell to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.seed.words import BUYERS, COMPANIES, SELLERS, TIME_ZONES

if TYPE_CHECKING:
    from random import Random

Record = dict[str, Any]
# Of this many users one has task sync off, and one is matched by its Salesforce id instead of its email.
_ONE_IS_OFF, _ONE_IS_BY_ID = 3, 4


@dataclass
class Sellers:
    """The users, in both systems.

    Attributes:
        users: of Sales Connect.
        in_salesforce: their Salesforce users, in the same order; further ones follow.
        enabled_at: by Sales Connect id, when task sync was turned on.
    """

    users: list[Record] = field(default_factory=list)
    in_salesforce: list[Record] = field(default_factory=list)
    enabled_at: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Crowd:
    """The people sold to.

    Attributes:
        people: of Sales Connect.
        objects: their Salesforce records by object.
    """

    people: list[Record] = field(default_factory=list)
    objects: dict[str, list[Record]] = field(
        default_factory=lambda: {"Account": [], "Contact": [], "Opportunity": [], "Lead": []}
    )


def salesforce_id(prefix: str, number: int) -> str:
    """The id of a sample record; apart from those that the org itself gives out."""
    return str(long_id(f"{prefix}Sd0{number:09d}"))


def instant(moment: datetime) -> str:
    """A time, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def make_users(chance: Random, count: int, now: datetime) -> Sellers:
    """Make users; most have task sync on since about two days ago."""
    sellers = Sellers()
    for number in range(1, count + 1):
        first, last = SELLERS[(number - 1) % len(SELLERS)]
        user_id = f"usr_{number:04d}"
        email = f"{_mailbox(first, last)}{number}@example.com"
        enabled_at = None
        if number % _ONE_IS_OFF:
            enabled_at = now - timedelta(days=2, minutes=chance.randint(-300, 300))
            sellers.enabled_at[user_id] = enabled_at
        user = {
            "id": user_id,
            "email": email.title() if number == 1 else email,
            "name": f"{first} {last}",
            "time_zone": TIME_ZONES[number % len(TIME_ZONES)],
            "task_sync": {"enabled": bool(enabled_at), "enabled_at": instant(enabled_at) if enabled_at else None},
            "updated_at": instant(enabled_at or now - timedelta(days=40)),
        }
        person = _salesforce_user(number, first, last, email)
        if number % _ONE_IS_BY_ID == 0:
            user["salesforce_user_id"] = person["Id"]
            person["Email"] = f"{_mailbox(last, first)}{number}@crm.example.com"
        sellers.users.append(user)
        sellers.in_salesforce.append(person)
    if sellers.users:
        # A former colleague with the same address must not count.
        former = _salesforce_user(9_001, "Former", "Colleague", sellers.in_salesforce[0]["Email"])
        sellers.in_salesforce.append(former | {"IsActive": False})
    return sellers


def make_people(chance: Random, count: int, now: datetime) -> Crowd:
    """Make contacts with accounts and opportunities, and leads."""
    crowd = Crowd()
    for number, name in enumerate(COMPANIES, 1):
        crowd.objects["Account"].append({"Id": salesforce_id("001", number), "Name": name})
        close = (now + timedelta(days=chance.randint(5, 90))).date().isoformat()
        crowd.objects["Opportunity"].append(
            {
                "Id": salesforce_id("006", number),
                "Name": f"{name} licences",
                "StageName": chance.choice(["Prospecting", "Qualification", "Proposal"]),
                "CloseDate": close,
                "AccountId": salesforce_id("001", number),
            }
        )
    for number in range(1, count + 1):
        crowd.people.append(_person(chance, number, now, crowd.objects))
    return crowd


def _person(chance: Random, number: int, now: datetime, objects: dict[str, list[Record]]) -> Record:
    first, last = BUYERS[(number - 1) % len(BUYERS)]
    email = f"{_mailbox(first, last)}{number}@customer.example"
    company = chance.randrange(len(COMPANIES))
    person: Record = {
        "id": f"per_{number:05d}",
        "name": f"{first} {last}",
        "email": email,
        "updated_at": instant(now - timedelta(days=chance.randint(3, 60))),
    }
    names = {"FirstName": first, "LastName": last, "Email": email}
    if chance.random() < 0.6:  # noqa: PLR2004  six of ten are contacts
        account_id = salesforce_id("001", company + 1)
        person |= {"salesforce_contact_id": salesforce_id("003", number), "salesforce_account_id": account_id}
        objects["Contact"].append(names | {"Id": person["salesforce_contact_id"], "AccountId": account_id})
        if chance.random() < 0.5:  # noqa: PLR2004  half of those have a deal
            person["salesforce_opportunity_id"] = salesforce_id("006", company + 1)
    else:
        person["salesforce_lead_id"] = salesforce_id("00Q", number)
        objects["Lead"].append(names | {"Id": person["salesforce_lead_id"], "Company": COMPANIES[company]})
    return person


def _salesforce_user(number: int, first: str, last: str, email: str) -> Record:
    return {
        "Id": salesforce_id("005", number),
        "Username": f"user{number}@sandbox.example.com",
        "FirstName": first,
        "LastName": last,
        "Email": email,
        "Alias": f"u{number}"[:8],
        "IsActive": True,
    }


def _mailbox(first: str, last: str) -> str:
    ascii_only = f"{first}.{last}".lower().encode("ascii", "ignore").decode()
    return ascii_only.replace("'", "")
