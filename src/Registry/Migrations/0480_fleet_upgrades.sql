-- Upgrades of the product's tables: a third kind of batch, whose items are places.
alter table batches drop constraint batches_kind_check;
alter table batches add constraint batches_kind_check check (kind in ('replays', 'commands', 'upgrades'));

-- Of upgrades: the place, how many tenants it had when the batch was prepared, and before when it may not begin, because its window is closed.
alter table batch_items
    add column server      text,
    add column database    text,
    add column schema      text,
    add column tier        text,
    add column tenants     int,
    add column not_before  timestamptz;

create index batch_items_place on batch_items (server, database, schema, batch_id) where server is not null;

-- Shared tables that are upgraded, or wait for that, and the operations that must end before. Both count only while their operation has not ended.
create table place_upgrades (
    server        text not null,
    database      text not null,
    operation_id  uuid not null references operations on delete cascade,
    primary key (server, database)
);

create table place_uses (
    server        text not null,
    database      text not null,
    operation_id  uuid not null references operations on delete cascade,
    primary key (server, database, operation_id)
);

create index place_upgrades_operation on place_upgrades (operation_id);
create index place_uses_operation on place_uses (operation_id);
