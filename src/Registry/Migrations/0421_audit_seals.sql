-- Lines of the audit log that are not in the chain yet. A transaction that commits late shows its lines late, so neither ids nor times tell which
-- lines are new; this table does, whatever cluster the registry is restored to.
create table audit_unsealed (
    audit_id   bigint primary key,
    queued_at  timestamptz not null default clock_timestamp()
);

insert into audit_unsealed (audit_id) select id from audit;

-- The chain: the hash of a line covers the hash before it. docs/audit.md has the contract.
create table audit_seals (
    seq       bigint primary key,
    audit_id  bigint not null unique,
    hash      bytea not null check (length(hash) = 32),
    sealed_at timestamptz not null default clock_timestamp()
);

-- The end of the chain, whose row lets one sealer work at a time, and its beginning: up to the anchor it was pruned. A restored registry begins
-- another chain on top of its own lines, because the numbers after them were given before.
create table audit_chain (
    only_row          boolean primary key default true check (only_row),
    chain             uuid not null default gen_random_uuid(),
    seq               bigint not null default 0,
    hash              bytea not null default decode(repeat('00', 32), 'hex'),
    anchor_seq        bigint not null default 0,
    anchor_hash       bytea not null default decode(repeat('00', 32), 'hex'),
    -- The signed mark of the anchor, as its document.
    anchor            jsonb
);

insert into audit_chain default values;

-- The newest signed head of each day, and the number up to which the object store has it.
create table audit_heads (
    chain       uuid not null,
    day         date not null,
    seq         bigint not null,
    document    jsonb not null,
    copied_seq  bigint,
    primary key (chain, day)
);

create index audit_heads_to_copy on audit_heads (day) where copied_seq is distinct from seq;

-- Programs may only insert into the audit log; this inserts for them into what they may not even see.
create function queue_audit() returns trigger language plpgsql security definer set search_path from current as $$
begin
    insert into audit_unsealed (audit_id) values (new.id);
    return null;
end $$;

-- A trigger needs no right to it once it is made, and nobody else may make one with it.
revoke execute on function queue_audit() from public;

create trigger queue_audit after insert on audit for each row execute function queue_audit();

-- What the sealer reads. It needs no other line.
create view audit_to_seal with (security_barrier) as
select a.id, a.at, a.actor, a.action, a.tenant_id, a.operation_id, a.outcome, a.origin, a.reason, a.occurrences, a.before, a.after, a.detail
from audit_unsealed u join audit a on a.id = u.audit_id;
