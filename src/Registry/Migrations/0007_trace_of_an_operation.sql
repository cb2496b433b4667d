-- The W3C trace context in which the operation was accepted: what the sweeper sends again belongs to the same trace.
-- Null where nobody traced.
alter table operations add column traceparent text;
