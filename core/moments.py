"""Aware UTC instants inside, Asia/Shanghai at the edge; only this module reads the system clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Now = Callable[[], datetime]
Hours = tuple[time, time]  # of a day in Shanghai, from and until; until may be of the next day

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """The system's instant. Everything else is handed its time."""
    return datetime.now(UTC)


def aware(moment: datetime) -> datetime:
    """`moment` in UTC; a naive one is a bug and raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}")
    return moment.astimezone(UTC)


def local_day(moment: datetime) -> date:
    """The calendar day in Shanghai on which `moment` falls."""
    return aware(moment).astimezone(SHANGHAI).date()


def within(moment: datetime, hours: Hours) -> bool:
    """Whether the Shanghai time of day of `moment` lies in `hours`, across midnight if need be."""
    begin, end = hours
    at = aware(moment).astimezone(SHANGHAI).time()
    return begin <= at < end if begin <= end else at >= begin or at < end


def day_start(day: date) -> datetime:
    """The instant (UTC) at which the Shanghai day begins."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The instant (UTC) at which the next Shanghai day begins."""
    return day_start(day + timedelta(days=1))


def shifted(now: Now, offset: timedelta) -> Now:
    """A clock that runs `offset` away from `now`: the demonstration's moved time."""
    return lambda: now() + offset
