-- The kinds are the same in every practice.
-- saga: reference
create table appointment_kinds (
    code     text primary key,
    title    text not null,
    minutes  int not null check (minutes between 5 and 480)
);

insert into appointment_kinds (code, title, minutes) values
    ('first', 'First visit', 40), ('check', 'Check-up', 20), ('phone', 'Telephone call', 10);

create table appointments (
    tenant_id        uuid not null default saga.current_tenant(),
    id               uuid not null default gen_random_uuid(),
    patient_id       uuid not null,
    practitioner_id  uuid,
    kind             text not null references appointment_kinds,
    begins_at        timestamptz not null,
    primary key (tenant_id, id),
    -- With the tenant in the key, an appointment never points at another practice's patient.
    foreign key (tenant_id, patient_id) references patients on delete cascade,
    foreign key (tenant_id, practitioner_id) references practitioners on delete set null (practitioner_id),
    unique (tenant_id, practitioner_id, begins_at)
);

create view diary as
select a.tenant_id, a.begins_at, p.name as patient, k.title as kind
from appointments a join patients p using (tenant_id) join appointment_kinds k on k.code = a.kind
where p.id = a.patient_id;
