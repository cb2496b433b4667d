-- Who runs: a row for each process of an installation, kept fresh by its heartbeat and deleted at its orderly stop.
create table processes (
    id                 uuid primary key,
    program            text not null,
    version            text not null,
    -- What its engine understands; see Saga.Engine.EngineLevel.
    engine_level       int  not null,
    -- Steps that its workers run, by their present names.
    steps              text[] not null,
    -- Master keys that it can open what is sealed with.
    master_key_ids     text[] not null,
    -- Connections to the registry that it may open at most.
    connection_budget  int  not null,
    started_at         timestamptz not null default now(),
    heartbeat_at       timestamptz not null default now()
);
