-- Relays take what nobody has claimed, and what was claimed and not sent, each in the order of this index. Without it they
-- would walk past every message that is being sent to find those that nobody sends.
create index outbox_by_claim on outbox (claimed_until, message_id);
drop index outbox_fresh;
