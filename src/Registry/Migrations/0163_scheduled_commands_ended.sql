-- Ended scheduled commands are pruned by the time of their end.
create index scheduled_commands_ended on scheduled_commands (ended_at) where ended_at is not null;
