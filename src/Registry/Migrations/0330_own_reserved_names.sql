-- A tenant that was restored after its deprovisioning still has reservations of its own, which must not refuse its own names.
create function require_free_names(wanted_slug text, wanted_subdomain text, wanted_domain text, owner uuid) returns void language plpgsql as $$
begin
    if exists (
        select from reserved_names r
        where r.until > now() and r.tenant_id is distinct from owner
            and (r.kind, r.name) in (('slug', wanted_slug), ('subdomain', wanted_subdomain), ('domain', wanted_domain)))
    then
        raise exception 'the name of a deprovisioned tenant is still reserved' using errcode = 'unique_violation';
    end if;
end $$;
