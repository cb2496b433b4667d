-- A command that waits until an operation has ended.
alter table scheduled_commands add column after_operation uuid;
