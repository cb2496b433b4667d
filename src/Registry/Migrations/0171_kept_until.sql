-- Until when a placement that was current is kept, and the operation that left it. Null for a placement that is not kept, or whose operation has not finished.
alter table placements add column kept_until timestamptz, add column kept_by uuid;
