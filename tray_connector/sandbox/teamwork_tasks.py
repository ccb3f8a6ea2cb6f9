"""Which tasks a list of Teamwork shows, and in which order: the filters with their defaults and boundaries."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta

from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.office_state import OfficeState
from tray_connector.sandbox.teamwork_order import ordered, updated_at
from tray_connector.sandbox.teamwork_params import Params, Refused
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

_TASK_FILTERS = frozenset(
    {"anytime", "all", "completed", "created", "overdue", "today", "yesterday", "started", "tomorrow", "thisweek"}
    | {"within7", "within14", "within30", "within365", "nodate", "noduedate", "nostartdate", "newTaskDefaults"}
    | {"hasDate"}
)
_PAGING = frozenset({"page", "pageSize", "skipCounts", "include"})
_KEPT_RESULTS = 8

Test = Callable[[OfficeTask], bool]


class TaskLists:
    """Answers list queries over the office's live state.

    The result of a query is kept while the office does not change, so that paging through it stays quick; after a
    change the next page is cut from the new state, as on the real site. Thread-safe.
    """

    def __init__(self, office: OfficeState) -> None:
        self._office = office
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, list[OfficeTask]] = OrderedDict()

    def find(
        self,
        query: Mapping[str, str],
        switches: TeamworkSwitches,
        *,
        project_id: int | None = None,
        tasklist_id: int | None = None,
    ) -> list[OfficeTask]:
        """All tasks that the query shows, in order; not to be changed. Raises `Refused` for a bad value."""
        asked = tuple(sorted((key, value) for key, value in query.items() if key not in _PAGING))
        with self._office.lock:
            key = (self._office.revision, switches, asked, project_id, tasklist_id)
            with self._lock:
                known = self._kept.get(key)
            if known is not None:
                return known
            selection = _Selection(self._office, Params(query), switches, project_id, tasklist_id)
            found = ordered(selection.tasks(), self._office, Params(query), switches)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT_RESULTS:
                self._kept.popitem(last=False)
        return found


class _Selection:
    """The filters of one query."""

    def __init__(
        self,
        office: OfficeState,
        params: Params,
        switches: TeamworkSwitches,
        project_id: int | None,
        tasklist_id: int | None,
    ) -> None:
        self._office = office
        self._params = params
        self._switches = switches
        self._lists = self._allowed_lists(project_id, tasklist_id)

    def tasks(self) -> list[OfficeTask]:
        """The tasks that pass all filters."""
        tests = list(self._tests())
        lists = self._lists
        return [task for task in self._candidates() if task.tasklist_id in lists and all(test(task) for test in tests)]

    def _candidates(self) -> Iterable[OfficeTask]:
        ids = self._params.ids("ids")
        if ids is not None:
            most = self._switches.max_ids
            if most is not None and len(ids) > most:
                if self._switches.too_many_ids == "400":
                    raise Refused("ids: too many values")
                ids = ids[:most]
            return self._office.tasks_of_ids(dict.fromkeys(ids))
        after = self._params.moment("updatedAfter")
        if after is None:
            return self._office.tasks()
        found = self._office.tasks_updated_after(math.floor(after))
        if not self._switches.delete_bumps_updated_at:
            return found
        return {task.id: task for task in (*found, *self._office.deleted_tasks())}.values()

    def _allowed_lists(self, project_id: int | None, tasklist_id: int | None) -> frozenset[int]:
        params, office = self._params, self._office
        kind = params.text("projectType")
        if kind not in (None, "", "normal", "tentative"):
            raise Refused("projectType: unknown value")
        tentative = kind in ("", "tentative") or params.flag("includeTentativeProjects")
        archived = params.flag("includeArchivedProjects")
        completed = params.flag("showCompletedLists")
        deleted = params.flag("includeTasksFromDeletedLists")
        projects, lists = params.ids("projectIds"), params.ids("tasklistIds")
        companies = params.ids("projectCompanyIds")
        allowed = set()
        for each in office.lists.values():
            project = office.projects[each.project_id]
            if (
                (deleted or not (each.deleted or project.status == "deleted"))
                and (archived or project.status != "archived")
                and (tentative if project.type == "tentative" else kind != "tentative")
                and (completed or not each.completed)
                and (projects is None or project.id in projects)
                and (companies is None or project.company_id in companies)
                and (lists is None or each.id in lists)
                and project_id in (None, project.id)
                and tasklist_id in (None, each.id)
            ):
                allowed.add(each.id)
        return frozenset(allowed)

    def _tests(self) -> Iterator[Test]:
        yield from self._deletion()
        yield from self._completion()
        yield from self._times()
        yield from self._due()
        yield from self._links()

    def _deletion(self) -> Iterator[Test]:
        params, switches = self._params, self._switches
        shown = params.flag("showDeleted")
        if params.flag("deletedOnly") or (shown and switches.show_deleted == "only"):
            yield lambda task: task.deleted_at is not None
        elif not shown:
            yield lambda task: task.deleted_at is None
        after = params.moment("deletedAfter")
        if after is None:
            return
        keeps, inclusive, least = switches.deleted_after_keeps_live, switches.deleted_after == "inclusive", after
        yield (
            lambda task: (
                keeps
                if task.deleted_at is None
                else task.deleted_at > least or (inclusive and task.deleted_at == least)
            )
        )

    def _completion(self) -> Iterator[Test]:
        params = self._params
        chosen = params.choice("taskFilter", _TASK_FILTERS, "anytime")
        after, before = params.moment("completedAfter"), params.moment("completedBefore")
        if params.flag("completedOnly") or chosen == "completed" or after is not None or before is not None:
            yield lambda task: task.completed_at is not None
        elif not params.flag("includeCompletedTasks") and chosen != "all":
            yield lambda task: task.completed_at is None
        yield from _between(lambda task: task.completed_at, after, before, inclusive=True)
        yield from self._days(chosen)

    def _days(self, chosen: str) -> Iterator[Test]:
        """The words of `taskFilter` that look at dates; `created`, `started` and `newTaskDefaults` show everything."""
        if chosen in ("nodate", "noduedate"):
            yield lambda task: task.due_date is None
        if chosen in ("nodate", "nostartdate"):
            yield lambda task: task.start_date is None
        if chosen == "hasDate":
            yield lambda task: task.due_date is not None or task.start_date is not None
        spans = {
            "overdue": (-100_000, -1),
            "yesterday": (-1, -1),
            "today": (0, 0),
            "tomorrow": (1, 1),
            "within7": (0, 7),
            "within14": (0, 14),
            "within30": (0, 30),
            "within365": (0, 365),
        }
        today = self._office.clock.now().date()
        weekday = today.weekday()
        span = (-weekday, 6 - weekday) if chosen == "thisweek" else spans.get(chosen)
        if span is not None:
            first, last = today + timedelta(days=span[0]), today + timedelta(days=span[1])
            yield lambda task: task.due_date is not None and first <= task.due_date <= last

    def _times(self) -> Iterator[Test]:
        params, switches = self._params, self._switches
        updated = (params.moment("updatedAfter"), params.moment("updatedBefore"))
        yield from _between(lambda task: updated_at(task, switches), *updated, inclusive=False)
        created = (params.moment("createdAfter"), params.moment("createdBefore"))
        yield from _between(lambda task: task.created_at, *created, inclusive=True)

    def _due(self) -> Iterator[Test]:
        after, before = self._params.day("dueAfter"), self._params.day("dueBefore")
        if after is not None and before is not None:
            first, last = after, before
            yield lambda task: task.due_date is not None and first <= task.due_date <= last
        elif after is not None:
            yield lambda task: task.due_date is not None and task.due_date > after
        elif before is not None:
            yield lambda task: task.due_date is not None and task.due_date < before
        if not self._params.flag("includeTasksWithoutDueDates", default=True):
            yield lambda task: task.due_date is not None

    def _links(self) -> Iterator[Test]:
        params = self._params
        tags = frozenset(params.ids("tagIds") or ())
        if tags:
            yield lambda task: not tags.isdisjoint(task.tag_ids)
        for name, kind in (
            ("responsiblePartyIds", "users"),
            ("assigneeTeamIds", "teams"),
            ("assigneeCompanyIds", "companies"),
        ):
            wanted = frozenset((kind, each) for each in params.ids(name) or ())
            if wanted:
                yield _assigned_to(wanted)
        creators = params.ids("createdByUserIds")
        if creators is not None:
            yield lambda task: task.created_by in creators
        parent = params.number("parentTaskId", 0, least=0)
        if parent:
            yield lambda task: task.parent_id == parent
        words = (params.text("searchTerm") or "").lower()
        if words:
            yield lambda task: words in task.name.lower()
        priorities = params.words("priority")
        if priorities:
            yield lambda task: (task.priority or "none") in priorities


def _assigned_to(wanted: frozenset[tuple[str, int]]) -> Test:
    return lambda task: not wanted.isdisjoint(task.assignees)


def _between(
    value: Callable[[OfficeTask], int | None], after: float | None, before: float | None, *, inclusive: bool
) -> Iterator[Test]:
    if after is not None:
        least = after

        def late_enough(task: OfficeTask) -> bool:
            at = value(task)
            return at is not None and (at > least or (inclusive and at == least))

        yield late_enough
    if before is not None:
        most = before

        def early_enough(task: OfficeTask) -> bool:
            at = value(task)
            return at is not None and (at < most or (inclusive and at == most))

        yield early_enough
