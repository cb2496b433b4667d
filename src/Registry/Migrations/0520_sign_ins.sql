-- Sign-ins at the directory that are in the audit log, so that each is written once. Of each client the newest stays, because the next ones are read from there.
create table directory_sign_ins (
    client  text not null,
    -- The directory's own id of the event.
    id      text not null,
    at      timestamptz not null,
    primary key (client, id)
);

create index directory_sign_ins_by_time on directory_sign_ins (client, at);
