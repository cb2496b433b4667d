-- The address of a user who was made for a tenant, whose removal must not delete the user meanwhile; null for all others, whom nobody deletes.
alter table adopted_members add column made_email text;
