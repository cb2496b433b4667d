-- Which place a session may use is decided in one view only. The policies keep selecting from the others.
create or replace view saga.readable with (security_barrier) as
select case
        when h.mode not in ('open', 'readOnly') then saga.refuse(h.tenant_id, 'closed')
        when h.epoch <> nullif(current_setting('app.epoch', true), '')::bigint then saga.refuse(h.tenant_id, 'moved')
        else h.tenant_id
    end as tenant_id
from saga.here h;

create or replace view saga.writable with (security_barrier) as
select case
        when h.mode = 'readOnly' then saga.refuse(h.tenant_id, 'readOnly')
        when h.mode <> 'open' then saga.refuse(h.tenant_id, 'closed')
        when h.epoch <> nullif(current_setting('app.epoch', true), '')::bigint then saga.refuse(h.tenant_id, 'moved')
        else h.tenant_id
    end as tenant_id
from saga.here h;
