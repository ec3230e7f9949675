"""What a command line asks for, as feeds and days. Raises BadArguments for what cannot be had."""

from collections.abc import Sequence
from datetime import date, datetime

from cityflow.calendar import days, paris_day
from cityflow.contracts import Dataset
from cityflow.errors import BadArguments
from cityflow_ingest.collecting import Wanted
from cityflow_ingest.holdings import Holdings
from cityflow_ingest.plan import due_days, newest_day
from cityflow_ingest.tenant import Tenant


def due(tenant: Tenant, holdings: Holdings, dataset: Dataset | None, now: datetime) -> list[Wanted]:
    """What is due now of a dataset, or of all."""
    _known(tenant, dataset)
    found = []
    for feed in tenant.feeds_of(dataset):
        held, failed = holdings.of(feed), holdings.failed(feed) if feed.days else {}
        if wanted := due_days(feed, held, failed, now, tenant.catch_up_days):
            found.append(Wanted(feed, wanted))
    return found


def newest(tenant: Tenant, dataset: Dataset | None, now: datetime) -> list[Wanted]:
    """The newest day of each feed with history, and the others as they are."""
    _known(tenant, dataset)
    return [
        Wanted(feed, [newest_day(feed.days, now) if feed.days else paris_day(now)])
        for feed in tenant.feeds_of(dataset)
    ]


def of_days(
    tenant: Tenant, dataset: Dataset | None, first: date, last: date, now: datetime
) -> list[Wanted]:
    """Every day of a range, of the feeds with history.

    Of all datasets at once each feed is asked for the days that it can have by now: an archive that
    is asked too early answers with empty hours, and these would be the later word.
    """
    _known(tenant, dataset)
    if first > last:
        raise BadArguments(f"--from {first} is after --to {last}; give the earlier day first")
    if last > paris_day(now):
        raise BadArguments(f"{last} is still to come; ask for days up to {paris_day(now)}")
    feeds = [feed for feed in tenant.feeds_of(dataset) if feed.days]
    if not feeds:
        raise BadArguments(
            f"--dataset {dataset}: its source keeps no history; take it as it is now with "
            f"`cityflow-ingest snapshot {dataset}`"
        )
    if dataset:
        return [Wanted(feed, list(days(first, last))) for feed in feeds]
    ends = [min(last, newest_day(feed.days, now)) for feed in feeds if feed.days]
    wanted = zip(feeds, ends, strict=True)
    return [Wanted(feed, list(days(first, end))) for feed, end in wanted if first <= end]


def snapshots(tenant: Tenant, datasets: Sequence[Dataset], now: datetime) -> list[Wanted]:
    """The feeds without history of these datasets, as they are now."""
    found = []
    for dataset in dict.fromkeys(datasets):
        _known(tenant, dataset)
        feeds = [feed for feed in tenant.feeds_of(dataset) if not feed.days]
        if not feeds:
            raise BadArguments(
                f"{dataset}: it is published day by day; use `cityflow-ingest fetch --dataset "
                f"{dataset}`"
            )
        found += [Wanted(feed, [paris_day(now)]) for feed in feeds]
    return found


def _known(tenant: Tenant, dataset: Dataset | None) -> None:
    if dataset and not list(tenant.feeds_of(dataset)):
        raise BadArguments(f"{dataset}: {tenant.city} has no feed of it")
