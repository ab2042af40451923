"""ClickHouse's windowFunnel, run in chdb's environment: tests/dbt/test_funnels.py, funnels.py.

`python run_chdb.py EVENTS.parquet FUNNELS.json`. Events: funnel, person, second (integers), step
(1, 2, ...; 0 matches none), channel. Funnels: a list of [funnel, window in seconds, channel of the
entry or null]. The last line printed is JSON: `levels`, per funnel of the list a list of [person,
steps reached], and `seconds`, what the queries took, without loading.
"""

import json
import sys
import time
from pathlib import Path

from chdb.session import Session

events, funnels = sys.argv[1:]
session = Session()
session.query(
    "create table events (funnel Int32, person Int64, second UInt64, step Int32, channel String)"
    " engine = MergeTree order by tuple()"
)
session.query(f"insert into events select * from file('{events}', Parquet)")
seconds = 0.0
levels = []
for funnel, window, channel in json.loads(Path(funnels).read_text(encoding="utf-8")):
    entry = "step = 1" + (f" and channel = '{channel}'" if channel else "")
    steps = ", ".join([entry, *(f"step = {number}" for number in range(2, 9))])
    query = (
        f"select person, windowFunnel({window})(second, {steps}) as level from events"
        f" where funnel = {funnel} group by person having level > 0"
    )
    begun = time.perf_counter()
    rows = session.query(query, "TabSeparated").bytes().decode().splitlines()
    seconds += time.perf_counter() - begun
    levels.append([[int(cell) for cell in row.split("\t")] for row in rows])
print(json.dumps({"seconds": seconds, "levels": levels}))
