-- How many scans have looked at a replay. One that was disturbed, or never began, is followed by another one.
alter table replay_checks add column looks int not null default 0;
update replay_checks set looks = 1 where scan is not null;

-- Of a scan that replays ordered, and that has not ended, there is one at a time.
create index operations_open_scans on operations (created_at) where kind = 'scanDrift' and requested_by = 'system' and finished_at is null;

-- An upgrade that still waits for operations to end, so that these may begin to use further places. A former version leaves it as it is.
alter table place_upgrades add column waiting_id uuid;
