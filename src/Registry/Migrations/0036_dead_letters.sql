-- Messages that could not be consumed. They stay until an operator returns them to their queue; the body is text and not jsonb,
-- since some of them are no JSON, and what is JSON is returned as it came.
create table dead_letters (
    id            uuid primary key,
    queue         text not null,
    message_id    uuid not null,
    message_type  text,
    body          text not null,
    -- Whether the body is Base64.
    is_binary     boolean not null,
    reason        text not null,
    detail        text not null,
    traceparent   text,
    -- How often it died: a message that was returned may come again.
    times         int not null default 1,
    first_at      timestamptz not null default now(),
    last_at       timestamptz not null default now(),
    returned_at   timestamptz,
    returned_by   text,
    unique (queue, message_id)
);

create index dead_letters_by_age on dead_letters (first_at, id);
create index dead_letters_waiting on dead_letters (last_at) where returned_at is null;
