-- The answer to a step that waits for an approval or a signal: who gave it, why, when, and the signal's data. Written by whoever
-- answers, with the operation's row locked, perhaps before the step begins. Transitions read it and never write it.
alter table operation_steps add column answer jsonb;
