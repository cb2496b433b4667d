-- With which master key a process wraps new keys; null for processes without keys, and for those of the version before this one.
alter table processes add column active_master_key_id text;
