-- A line is always sought by its operation: one index serves as key and for reading in order.
alter table operation_history drop constraint operation_history_pkey;
drop index operation_history_by_operation;
alter table operation_history add primary key (operation_id, id);

-- Sent messages are deleted at once, so the table stays small, and relays read it by age.
drop index outbox_unclaimed;

-- An operation's row grows with its steps and is rewritten at each transition: with room beside it, its indexes stay as they are.
alter table operations set (fillfactor = 30);
