-- Whether the engine runs in the process. The level of those that only host steps, or only take commands, says nothing of it.
alter table processes add column orchestrates boolean not null default true;
