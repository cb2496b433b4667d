-- How many connections each process may open to which PostgreSQL server, and which server that is, as it says itself.
create table process_connections (
    process_id       uuid not null references processes on delete cascade,
    -- The section of the configuration that leads there, such as Saga:Registry.
    server           text not null,
    connections      int  not null,
    -- The same for all names and addresses of one server; null while nobody could ask.
    identity         text,
    max_connections  int,
    reserved         int,
    primary key (process_id, server)
);
