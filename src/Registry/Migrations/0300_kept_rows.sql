-- A placement that keeps the rows which a restore replaces in shared tables: the placement that those rows were in. No tenant is routed to it. It is
-- set just before the rows are replaced.
alter table placements add column keeps uuid references placements;
