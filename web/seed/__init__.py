"""The first start: Weibin's district, people for every role, and some hundred tickets."""

from web.seed.district import is_empty, seed_district
from web.seed.people import LOGINS, PASSWORD
from web.seed.run import seed

__all__ = ["LOGINS", "PASSWORD", "is_empty", "seed", "seed_district"]
