insert into practitioners (name) values ('Practitioner');
