-- The reference data is there.
select count(*) >= 3 from appointment_kinds
