-- The platform's own schema in a product database: whose rows a session may read and write, and until when.
-- Runs as the provisioner, who owns everything here. Logins may look at their own place and write nothing.
create schema saga;
grant usage on schema saga to public;

-- A tenant's place in this database. Without a row here a tenant has no rows, whatever a session sets.
create table saga.place (
    tenant_id   uuid primary key,
    epoch       bigint not null,
    mode        text not null check (mode in ('open', 'readOnly', 'closed')),
    updated_at  timestamptz not null default now()
);

-- Ties a login to its tenant. Only the provisioner writes it; the form of a login's name means nothing.
create table saga.logins (
    login      name primary key,
    tenant_id  uuid not null references saga.place on delete cascade
);
create index logins_by_tenant on saga.logins (tenant_id);

-- The planner's statistics must not tell one login about the others.
alter table saga.place alter tenant_id set statistics 0, alter epoch set statistics 0, alter mode set statistics 0, alter updated_at set statistics 0;
alter table saga.logins alter login set statistics 0, alter tenant_id set statistics 0;

-- The canary's place: the verification of a tenant tries to reach its rows.
insert into saga.place (tenant_id, epoch, mode) values ('00000000-0000-0000-0000-000000000000', 0, 'open');

-- Fails instead of hiding the rows: a program that sees none could take them for deleted.
create function saga.refuse(tenant_id uuid, reason text) returns uuid
language plpgsql volatile parallel safe set search_path = pg_catalog, pg_temp
as $body$
begin
    raise exception using
        errcode = case reason when 'closed' then 'SG001' when 'moved' then 'SG002' else 'SG003' end,
        message = case reason
            when 'closed' then format('The place of tenant %s is closed.', tenant_id)
            when 'moved' then format('The place of tenant %s has another epoch.', tenant_id)
            else format('The place of tenant %s is read-only.', tenant_id)
        end;
end
$body$;

-- The place of the tenant that the session names in app.tenant_id, at most one row. A login in saga.logins sees its own tenant's place only.
-- A login of the runtime's shared role sees the place that it names. Every other login sees none.
create view saga.here with (security_barrier) as
select p.tenant_id, p.epoch, p.mode
from saga.place p
where p.tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
    and p.tenant_id = coalesce(
        (select l.tenant_id from saga.logins l where l.login = session_user),
        case when pg_has_role(session_user, to_regrole('saga_rows_runtime')::oid, 'MEMBER') then p.tenant_id end);

-- The tenant whose rows the session may read. The policies select from here: a plain subselect, which costs far less than a function.
-- app.epoch is optional; a session that sets it is refused after the tenant has moved.
create view saga.readable with (security_barrier) as
select case
        when p.mode not in ('open', 'readOnly') then saga.refuse(p.tenant_id, 'closed')
        when p.epoch <> nullif(current_setting('app.epoch', true), '')::bigint then saga.refuse(p.tenant_id, 'moved')
        else p.tenant_id
    end as tenant_id
from saga.place p
where p.tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
    and p.tenant_id = coalesce(
        (select l.tenant_id from saga.logins l where l.login = session_user),
        case when pg_has_role(session_user, to_regrole('saga_rows_runtime')::oid, 'MEMBER') then p.tenant_id end);

-- The tenant whose rows the session may write.
create view saga.writable with (security_barrier) as
select case
        when p.mode = 'readOnly' then saga.refuse(p.tenant_id, 'readOnly')
        when p.mode <> 'open' then saga.refuse(p.tenant_id, 'closed')
        when p.epoch <> nullif(current_setting('app.epoch', true), '')::bigint then saga.refuse(p.tenant_id, 'moved')
        else p.tenant_id
    end as tenant_id
from saga.place p
where p.tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
    and p.tenant_id = coalesce(
        (select l.tenant_id from saga.logins l where l.login = session_user),
        case when pg_has_role(session_user, to_regrole('saga_rows_runtime')::oid, 'MEMBER') then p.tenant_id end);

grant select on saga.here, saga.readable, saga.writable to public;

-- For columns' defaults. Policies use the view.
create function saga.current_tenant() returns uuid
language sql stable parallel safe
return (select tenant_id from saga.readable);

-- Begins a tenant's transaction: names the tenant and the epoch for the rest of it, and fails if the place is closed or has moved.
-- Takes the tenant's shared lock, for which a move waits. It is the only way for a login to an advisory lock, and for its own tenant only.
create function saga.enter(tenant_id uuid, epoch bigint) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $body$
#variable_conflict use_variable
declare
    place_epoch bigint;
    place_mode text;
begin
    perform set_config('app.tenant_id', tenant_id::text, true), set_config('app.epoch', coalesce(epoch::text, ''), true);
    perform from saga.here;
    if tenant_id is null or not found then
        raise exception using errcode = 'SG001', message = format('Login %s has no place of tenant %s here.', session_user, tenant_id);
    end if;
    perform pg_advisory_xact_lock_shared(hashtextextended(tenant_id::text, 5));
    -- Only now, because the place may have been closed while this waited.
    select h.epoch, h.mode into place_epoch, place_mode from saga.here h;
    if not found or place_mode not in ('open', 'readOnly') then
        perform saga.refuse(tenant_id, 'closed');
    elsif place_epoch <> epoch then
        perform saga.refuse(tenant_id, 'moved');
    end if;
end
$body$;
