-- The rotation that made the version, so that it makes one only; null for a tenant's first key.
alter table backup_keys add column operation_id uuid;
