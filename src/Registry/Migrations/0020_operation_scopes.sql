-- What an operation keeps for itself until it ends: 'tenant:<id>', 'server:<name>' or 'fleet'. The key says that nobody shares it.
create table operation_scopes (
    scope         text primary key,
    operation_id  uuid not null references operations
);
create index operation_scopes_by_operation on operation_scopes (operation_id);

insert into operation_scopes (scope, operation_id)
select 'tenant:' || tenant_id, id from operations where state in ('accepted', 'running', 'compensating', 'stalled');

drop index operations_one_active;
create index operations_active on operations (id) where state in ('accepted', 'running', 'compensating', 'stalled');

-- An operation may work on many tenants, or on a server: then it has no tenant of its own.
alter table operations alter column tenant_id drop not null;
alter table operations
    add column parent_id  uuid references operations,
    add column priority   text not null default 'interactive' check (priority in ('interactive', 'scheduled', 'batch'));
create index operations_by_parent on operations (parent_id) where parent_id is not null;
