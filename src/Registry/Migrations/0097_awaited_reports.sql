-- Until when the report of the newest dispatch is awaited, although the attempt's time may be over: its work is done, and its worker
-- waits for the broker to accept the report. Set by the worker with each renewal; null while it works.
alter table operation_steps add column report_until timestamptz;
