"""Filing with everything that follows, against one durable insert on the same server."""

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import text

from bench.timing import each, tell
from core.database import connect
from core.permissions import VISITOR
from core.privacy import Keys
from intake.draft import check
from intake.service import register
from web import schema, wiring
from web.seed import seed_district
from web.servers import embedded

CALLS = 60
TABLE = text("CREATE TABLE bench_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
ONE_ROW = text("INSERT INTO bench_row DEFAULT VALUES")


def run() -> None:
    folder = Path(tempfile.mkdtemp(prefix="jb-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with embedded(folder / "data") as servers:
            _measure(servers.database_url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(url: str) -> None:
    schema.upgrade(url)
    engine, bare = connect(url), connect(url, as_app=False)
    with bare.begin() as connection:
        connection.execute(TABLE)
    office = wiring.office(engine, Keys.of("a master secret for measuring only"))
    seed_district(office)
    draft = check(
        {
            "category": "qykb",
            "content": "公司设立登记卡了两周，窗口每次说法都不一样，请尽快办理。" * 4,
            "contact_phone": "0917-3000001",
            "company_name": "渭滨测速机械有限公司",
        }
    )

    def insert() -> None:
        with bare.begin() as connection:
            connection.execute(ONE_ROW)

    def file() -> None:
        with office.desk(VISITOR) as desk:
            register(desk, draft, area="610302")

    limit = each(insert, CALLS)
    taken = each(file, CALLS)
    tell("one durable INSERT of one row", limit, "itself", limit)
    tell("filing: route, order, clocks, ledger, outbox", taken, "durable INSERT", limit)
    print(f"{'filing, one process and one connection':<44} {1 / taken:>10.1f} tickets/s")
    engine.dispose()
    bare.dispose()
