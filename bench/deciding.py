"""A decision of the shipped rulebook against a dictionary look-up."""

from bench.timing import each, tell
from routing.data import district
from routing.rules import Facts, decide


def run() -> None:
    home = district()
    book = home.book(home.plan())
    facts = Facts(category="qykb", text="公司设立登记卡了两周，窗口每次说法都不一样")
    table = {category.code: category.task for category in home.categories}
    limit = each(lambda: table["qykb"], 100_000)
    taken = each(lambda: decide(facts, book, home.register), 5_000)
    tell(f"decide, {len(book.rules)} rules", taken, "dict look-up", limit)
