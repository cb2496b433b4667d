-- Operations that some version of the orchestrator could not read: a newer one wrote them. They are put off, each time twice as
-- long, and named in health until a version that reads them has seen them.
create table unreadable_operations (
    operation_id  uuid primary key,
    reason        text not null,
    times         int not null default 1,
    first_at      timestamptz not null default now(),
    last_at       timestamptz not null default now()
);

-- How often a relay of an older version could not read the message.
alter table outbox add column unread int not null default 0;
create index outbox_unread on outbox (message_id) where unread > 0;
