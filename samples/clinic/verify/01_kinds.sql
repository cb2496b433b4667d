-- The reference data is there, and the practice can be reached by somebody.
select (select count(*) from appointment_kinds) >= 3
   and exists (select from practitioners)
