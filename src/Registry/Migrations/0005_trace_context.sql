-- The W3C trace context in which a message was written, so that an operation is one trace from its command to its end.
-- Null where nobody traced.
alter table outbox add column traceparent text;
