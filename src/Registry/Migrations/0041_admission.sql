-- Operations wait for a slot of the installation, in their class and in the order of their arrival. One that waits has no due
-- time, so no sweeper looks at it. Operations from before hold what they have.
alter table operations
    add column slot          text not null default 'admitted' check (slot in ('queued', 'admitted', 'released')),
    -- Orders those that wait: one that gave its slot back comes before those that never had one.
    add column slot_returns  boolean not null default false,
    add column slot_since    timestamptz not null default now();

create index operations_queued on operations (priority, slot_returns desc, slot_since, id) where slot = 'queued';
create index operations_admitted on operations (priority) where slot = 'admitted' and state in ('accepted', 'running');

-- One row: how many slots there were when external systems last said "too many". Absent until they do.
create table admission_limit (
    only_row  boolean primary key default true check (only_row),
    slots     int not null,
    at        timestamptz not null
);
