insert into practitioners (name) values ('First practitioner'), ('Second practitioner');
insert into patients (name, born_on) values ('Example patient', '1980-01-01');
