"""What the API offers: versions, resources, limits, the session's user (Salesforce facts, §1 and §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.http import Answer, Call, Resource, resource

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.bulk.jobs import Allowance
    from tasksync_sandbox.salesforce.org import Org

OLDEST, NEWEST = 41, 68
RETIRED_BELOW = 31
_SEASONS = ("Spring", "Summer", "Winter")
_FIRST_YEAR, _FIRST = 18, 42


def versions() -> list[dict[str, str]]:
    """Return the version list."""
    return [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST, NEWEST + 1)
    ]


def _label(number: int) -> str:
    """Return a release's name; 42.0 is Spring '18, and each year has three."""
    year, season = divmod(number - _FIRST, len(_SEASONS))
    return f"{_SEASONS[season]} '{_FIRST_YEAR + year + (season == len(_SEASONS) - 1):02}"


class VersionResources:
    """Resources that stand on top of each version."""

    def __init__(self, org: Org, batches: Allowance, query_jobs: Allowance) -> None:
        """Tell about this org and what is left of its bulk allowances."""
        self._org = org
        self._batches = batches
        self._query_jobs = query_jobs

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [resource("", GET=self.root), resource("/limits", GET=self.limits)]

    def root(self, call: Call) -> Answer:
        """List the resources of a version."""
        names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
        identity = f"{call.headers.get('x-sandbox-origin', '')}/id/{self._org.id}/{call.user}"
        return Answer({**{name: f"{call.base}/{name}" for name in names}, "identity": identity})

    def limits(self, call: Call) -> Answer:
        """Tell what is left of the allowances."""
        del call
        now, daily = self._org.core.clock.timestamp(), self._org.daily_calls
        body: dict[str, Any] = {
            "DailyApiRequests": {"Max": daily, "Remaining": max(0, daily - self._org.calls_used)},
            "DailyBulkApiBatches": {"Max": self._batches.most, "Remaining": self._batches.left(now)},
            "DailyBulkV2QueryJobs": {"Max": self._query_jobs.most, "Remaining": self._query_jobs.left(now)},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
            "FileStorageMB": {"Max": 1_024, "Remaining": 1_000},
        }
        return Answer(body)
