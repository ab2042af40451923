"""Which runs are over: nothing will be asked or written about them again.

Belongs here: the one wording of it in SQL. A run is settled when it has ended and has no row whose
outcome is still open: on its way, or in doubt (`doubts.py`).
"""

from __future__ import annotations

from orchestration.activation.doubts import is_open, latest_sql

# sync, run_id, ended_at: when a settled run ended, null for one that is not settled.
RUN_ENDS = f"""
with

runs as (

    select
        sync,
        run_id,
        max_by(status, sequence) as status,
        max(finished_at) as finished_at
    from ops.activation_sync_runs
    group by sync, run_id

),

latest as ({latest_sql("true")}),

open_rows as (

    select distinct sync, run_id
    from latest
    where {is_open("latest", ("planned", "sending", "unknown"))}

)

select
    runs.sync,
    runs.run_id,
    case
        when runs.status <> 'running' and open_rows.run_id is null then runs.finished_at
    end as ended_at
from runs
left join open_rows on runs.sync = open_rows.sync and runs.run_id = open_rows.run_id
"""
