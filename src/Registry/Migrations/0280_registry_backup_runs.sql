-- The last backup of this database that the schedule has posted, which orchestrators look for twice a minute.
create index operations_registry_backups on operations (created_at) where kind = 'backupRegistry' and requested_by = 'system';
