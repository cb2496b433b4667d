-- The engine's heartbeat, and the time in which there was none, by which deadlines are extended. One row.
create table engine_clock (
    one     boolean primary key default true check (one),
    beat_at timestamptz,
    idle    interval not null default '0'
);
insert into engine_clock default values;

-- How much of that time had passed when the step's times were written.
alter table operation_steps add idle interval not null default '0';
