"""Background work: done once however often it is told, gone on with after a death, never silent."""

from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from core import jobs
from core.desk import Office
from core.errors import Conflict, NotFound
from core.jobs import Job, JobTaken
from core.permissions import SYSTEM
from core.tables import JobRow, OutboxRow
from tests.cast import AUDITOR, DISPATCHER, OPERATOR, SYSADMIN
from tests.makers import together

pytestmark = pytest.mark.usefixtures("bare_office")


def asked(office: Office, kind: str = "count", **args: object) -> UUID:
    with office.desk(DISPATCHER) as desk:
        return jobs.ask(desk, kind, args)


def row(office: Office, job: UUID) -> JobRow:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.get_one(JobRow, job)


def promised(office: Office) -> list[tuple[str, str]]:
    with Session(office.engine) as session:
        return [(r.actor, r.args["job"]) for r in session.exec(select(OutboxRow))]


def resend(office: Office) -> int:
    with office.desk(SYSTEM) as desk:
        return jobs.resend_due(desk)


def count_to_three(job: Job) -> Mapping[str, object]:
    for number in range(1, 4):
        job.progress(number, 3)
    return {"counted": 3, "for": job.args.get("who")}


WORKS = {"count": count_to_three}


def test_what_is_asked_waits_and_is_promised(bare_office: Office) -> None:
    job = asked(bare_office, who="me")
    found = row(bare_office, job)
    assert (found.state, found.asked_by, found.args) == ("waiting", DISPATCHER.tag, {"who": "me"})
    assert promised(bare_office) == [("core.job", str(job))]


def test_work_ends_with_its_result_and_its_progress(bare_office: Office) -> None:
    job = asked(bare_office, who="me")
    assert jobs.run(bare_office, WORKS, job)
    found = row(bare_office, job)
    assert (found.state, found.done, found.total) == ("done", 3, 3)
    assert found.result == {"counted": 3, "for": "me"}
    assert found.ended_at == bare_office.now()


def test_told_twice_it_is_done_once_even_at_the_same_time(bare_office: Office) -> None:
    job = asked(bare_office)
    runs = []

    def slow(taken: Job) -> Mapping[str, object]:
        runs.append(taken.attempt)
        return {}

    told = together(6, lambda _: jobs.run(bare_office, {"count": slow}, job))
    assert sorted(told) == [False] * 5 + [True]
    assert runs == [1]
    assert jobs.run(bare_office, {"count": slow}, job) is False


def test_a_refusal_and_a_fault_of_the_program_both_end_it_with_a_code(bare_office: Office) -> None:
    def refuse(_job: Job) -> Mapping[str, object]:
        raise Conflict("no", code="stale")

    def break_down(_job: Job) -> Mapping[str, object]:
        raise ValueError

    works = {"refuse": refuse, "break": break_down}
    ends = {}
    for kind in ("refuse", "break", "nobody knows"):
        job = asked(bare_office, kind)
        jobs.run(bare_office, works, job)
        found = row(bare_office, job)
        ends[kind] = (found.state, found.code)
    assert ends == {
        "refuse": ("failed", "stale"),
        "break": ("failed", "broken"),
        "nobody knows": ("failed", "unknown_kind"),
    }


def test_when_a_worker_dies_another_goes_on_from_what_was_kept(bare_office: Office, clock) -> None:
    job = asked(bare_office)

    def die(taken: Job) -> Mapping[str, object]:
        taken.progress(40, 100, keep={"at": 40})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jobs.run(bare_office, {"count": die}, job)
    assert resend(bare_office) == 0
    clock.move(minutes=3)
    assert resend(bare_office) == 1
    assert promised(bare_office)[1:] == [("core.job", str(job))]

    def go_on(taken: Job) -> Mapping[str, object]:
        return {"from": taken.kept["at"], "attempt": taken.attempt}

    assert jobs.run(bare_office, {"count": go_on}, job)
    found = row(bare_office, job)
    assert (found.state, found.result, found.kept) == ("done", {"from": 40, "attempt": 2}, {})


def test_a_worker_thought_dead_that_comes_back_changes_nothing(bare_office: Office, clock) -> None:
    job = asked(bare_office)

    def sleepy(taken: Job) -> Mapping[str, object]:
        clock.move(minutes=3)
        assert jobs.run(bare_office, WORKS, job)  # somebody else took it meanwhile
        with pytest.raises(JobTaken):
            taken.progress(1, 99)
        return {"counted": "wrongly"}

    jobs.run(bare_office, {"count": sleepy}, job)
    found = row(bare_office, job)
    assert (found.state, found.total, found.attempts) == ("done", 3, 2)
    assert found.result == {"counted": 3, "for": None}


def test_a_lost_message_is_sent_again_and_a_fresh_one_is_not(bare_office: Office, clock) -> None:
    asked(bare_office)
    assert resend(bare_office) == 0
    clock.move(minutes=3)
    assert resend(bare_office) == 1
    assert resend(bare_office) == 0
    assert len(promised(bare_office)) == 2


def test_what_kills_every_worker_is_given_up(bare_office: Office, clock) -> None:
    job = asked(bare_office)

    def kill(_job: Job) -> Mapping[str, object]:
        raise KeyboardInterrupt

    for _ in range(jobs.ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            jobs.run(bare_office, {"count": kill}, job)
        clock.move(minutes=3)
        resend(bare_office)
    found = row(bare_office, job)
    assert (found.state, found.code, found.attempts) == ("failed", "gave_up", jobs.ATTEMPTS)


def test_only_who_asked_and_who_operates_the_system_see_it(bare_office: Office) -> None:
    job = asked(bare_office)
    with Session(bare_office.engine) as session:
        for actor in (DISPATCHER, SYSADMIN):
            assert jobs.seen(session, actor, job).id == job
        for actor in (OPERATOR, AUDITOR):
            with pytest.raises(NotFound):
                jobs.seen(session, actor, job)
        with pytest.raises(NotFound):
            jobs.seen(session, DISPATCHER, uuid4())


def test_the_newest_of_a_kind_is_found_by_some_of_its_arguments(bare_office: Office) -> None:
    asked(bare_office, draft="a", revision=1)
    second = asked(bare_office, draft="a", revision=2)
    other = asked(bare_office, draft="b", revision=1)
    for job in (second, other):
        jobs.run(bare_office, WORKS, job)
    with Session(bare_office.engine) as session:
        assert jobs.newest(session, "count", {"draft": "a"}).id == second
        assert jobs.newest(session, "count", {"draft": "c"}) is None
        assert jobs.newest(session, "other", {"draft": "a"}) is None


def test_ended_jobs_are_forgotten_after_a_season(bare_office: Office, clock) -> None:
    ended, waiting = asked(bare_office), asked(bare_office)
    jobs.run(bare_office, WORKS, ended)
    clock.move(days=100)
    with Session(bare_office.engine) as session, session.begin():
        jobs.prune(session, bare_office)
    with Session(bare_office.engine) as session:
        assert session.exec(select(JobRow.id)).all() == [waiting]
