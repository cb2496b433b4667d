-- What the audit log says besides who did what. Lines of before have none of it.
alter table audit
    -- From where: http with the address, bus, schedule, host or system.
    add column origin       text,
    add column reason       text,
    add column outcome      text check (outcome in ('allowed', 'refused')),
    -- What the action changed, as it was and as it became.
    add column before       jsonb,
    add column after        jsonb,
    -- Of refused requests: how many the line stands for. Only the Api may write this column, so no other program can claim that it refused a request.
    add column occurrences  bigint check (occurrences > 0);

alter table audit add constraint audit_refused_requests check ((action = 'request.refuse') = (occurrences is not null)) not valid;

-- A program of the version before writes neither a reason nor an outcome in a column of its own.
create function complete_audit() returns trigger language plpgsql as $$
begin
    new.reason := coalesce(new.reason, new.detail ->> 'reason');
    new.outcome := coalesce(new.outcome, case when new.action in ('command.refuse', 'request.refuse') then 'refused' else 'allowed' end);
    return new;
end $$;

create trigger complete_audit before insert on audit for each row execute function complete_audit();

-- Lists are by tenant, operation or actor, newest first; times follow the ids closely.
create index audit_by_tenant on audit (tenant_id, id) where tenant_id is not null;
create index audit_by_operation on audit (operation_id, id) where operation_id is not null;
create index audit_by_actor on audit (actor, id);
create index audit_by_time on audit using brin (at);
