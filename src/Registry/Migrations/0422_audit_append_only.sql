-- Nobody changes or removes what the audit log says, not even by mistake as the owner of the tables. Only prune_audit deletes.
create function keep_audit() returns trigger language plpgsql as $$
declare
    callers text;
begin
    get diagnostics callers = pg_context;
    if tg_op <> 'DELETE' or position('prune_audit(' in callers) = 0 then
        raise exception 'the table % is append-only; Saga:Audit:RetentionDays prunes it', tg_table_name using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;

create trigger keep_audit before update or delete or truncate on audit for each statement execute function keep_audit();
create trigger keep_audit before update or delete or truncate on audit_seals for each statement execute function keep_audit();

-- Deletes the lines up to a number of the chain, all of which must be sealed and older than the age, and keeps the hash up to there, signed, as the
-- anchor. Only the program that seals may call it.
create function prune_audit(through bigint, age interval, document jsonb) returns bigint
language plpgsql security definer set search_path from current as $$
declare
    pruned bigint;
    last_hash bytea;
begin
    if not has_table_privilege(session_user, 'audit_seals', 'INSERT') then
        raise exception 'only the program that seals the audit log may prune it' using errcode = 'insufficient_privilege';
    end if;
    if age < interval '1 day' then
        raise exception 'the audit log keeps a line for a day at least' using errcode = 'check_violation';
    end if;
    perform from audit_chain for update;
    last_hash := (select hash from audit_seals where seq = through);
    if last_hash is null
        or exists (select from audit_seals s left join audit a on a.id = s.audit_id where s.seq <= through and (a.id is null or a.at > clock_timestamp() - age))
    then
        raise exception 'a line up to number % is missing, not sealed or not old enough', through using errcode = 'check_violation';
    end if;
    update audit_chain set anchor_seq = through, anchor_hash = last_hash, anchor = document;
    delete from audit a using audit_seals s where s.seq <= through and a.id = s.audit_id;
    get diagnostics pruned = row_count;
    delete from audit_seals where seq <= through;
    delete from audit_heads where seq < through;
    return pruned;
end $$;
