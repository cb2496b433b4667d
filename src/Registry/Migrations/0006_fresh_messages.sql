-- Messages that nobody has claimed yet. Rows come and go by the hundred thousand, and a relay that is woken for one of them
-- would walk past all that were there since the last vacuum.
create index outbox_fresh on outbox (message_id) where claimed_until = '-infinity';
