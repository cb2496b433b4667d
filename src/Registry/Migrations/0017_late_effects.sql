-- When a forward attempt of unknown outcome was last at work. What it asked of an external system may appear after its compensation
-- has looked, so the compensation looks once more.

alter table operation_steps add column uncertain_at timestamptz;
