-- What workers last saw of each database server. The Api cannot look itself: it has no login there.
create table database_server_health (
    server      text primary key references database_servers,
    checked_at  timestamptz not null,
    -- Why the server could not be used; null when it answered.
    failure     text,
    version     text
);
