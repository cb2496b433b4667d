-- The lists of teams' own steps. The newest one plans new operations; the others stay readable. Operations keep their workflow.
create table custom_steps (
    version  integer primary key check (version > 0),
    steps    jsonb not null,
    -- Of the list in the configuration that it came from; null when it was put by the API.
    digest   text,
    set_by   text not null,
    reason   text,
    set_at   timestamptz not null
);
