create table invoices (
    tenant_id   uuid not null default saga.current_tenant(),
    number      int not null,
    patient_id  uuid not null,
    cents       bigint not null check (cents >= 0),
    paid_at     timestamptz,
    primary key (tenant_id, number),
    foreign key (tenant_id, patient_id) references patients
);

-- The next free number of the practice.
create function next_invoice() returns int
language sql stable
return (select coalesce(max(number), 0) + 1 from invoices);
