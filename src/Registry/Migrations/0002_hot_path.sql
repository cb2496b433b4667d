-- Both are written in transactions that hold the operation's row locked, and operations are never deleted: checking the
-- key would lock that row once more for every line and lease.

alter table operation_history drop constraint operation_history_operation_id_fkey;
alter table step_leases       drop constraint step_leases_operation_id_fkey;
