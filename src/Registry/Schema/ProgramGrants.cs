namespace Saga.Registry.Schema;

/// <summary>
/// What each program may do in the registry. Rows are locked with a right to update a column, so a program that only locks may update one
/// that decides nothing. Nobody may change or delete a line of the audit log: what seals it prunes it with a function of the registry.
/// </summary>
internal static class ProgramGrants
{
    // The columns of a lease and of its progress.
    private const string Lease = "holder, held_fence, taken_at, attempt_ends_at, expires_at, lost_at, watched_until, report_until, due_at, progress, progressed_at, checkpoint";

    // What an update of a tenant changes, and its compensation restores.
    private const string TenantData =
        "name, description, admin_email, phone, domain, subdomain, timezone, region, features, settings, pool_minimum, pool_maximum, read_replica, auto_update, maintenance_window, max_users, max_storage_gib";

    private const string AuditLine = "at, actor, action, tenant_id, operation_id, detail, origin, reason, outcome, before, after";

    private const string RegistryBackup =
        "id, operation_id, state, requested_by, note, schema_version, started_at, snapshot_at, ended_at, expired_at, bytes, master_key_ids, part, manifest, manifest_file, manifest_sha256, failure, copied_at, copy_failures, copy_failed_at, copy_failure";

    // Heartbeats, which every program writes, and what every program reads.
    private static readonly TableGrant[] All =
    [
        new("registry_migrations", "select"),
        new("processes", "select, insert, delete", "heartbeat_at, connection_budget"),
        new("process_connections", "select, insert, update, delete"),
        new("plans", "select"),
        new("plan_versions", "select"),
        new("placements", "select"),
        new("holds", "select"),
        new("deprovisionings", "select"),
        // When a tenant is going to be removed.
        new("scheduled_commands", "", Reads: "id, run_at, state"),
        new("tenant_domains", "select"),
        // Whether a deprovisioned tenant can be restored.
        new("destroyed_backup_keys", "select"),
        new("operations", "select"),
        new("operation_steps", "select"),
        new("operation_scopes", "select"),
        new("workflows", "select"),
        new("engine_clock", "select"),
        new("outbox", "insert"),
        // Not how many requests were refused, which only the Api knows.
        new("audit", "", Reads: "tenant_id", Inserts: AuditLine),
    ];

    // What accepts a command: the Api for HTTP, the Orchestrator for the bus.
    private static readonly TableGrant[] Accepting =
    [
        new("tenants", "select, insert", TenantData + ", version, updated_at"),
        new("tenant_changes", "insert"),
        // The public keys, for what only workers may open.
        new("box_keys", "", Reads: "id, public_key, created_at"),
        new("tenant_domains", "insert, delete", "state, proved_at, checked_at, failure, expires_at"),
        new("holds", "insert, delete", "effect, actor, reason, unannounced"),
        new("reactivations", "insert"),
        new("deprovisionings", "insert, update, delete"),
        new("reserved_names", "select"),
        new("database_servers", "select", "accepting"),
        new("server_replicas", "select"),
        new("operations", "insert", "slot, next_due_at"),
        new("operation_history", "select, insert"),
        new("operation_scopes", "insert, delete"),
        new("operation_scope_waits", "select, insert"),
        new("workflows", "insert"),
        new("scheduled_commands", "select, insert, update"),
        // The plan that a reverted move restores. Not the former settings.
        new("plan_changes", "", Reads: "operation_id, from_plan, from_version, to_plan, to_version"),
        // What a restore is from, and what the removal of a restored database removes.
        new("backups", "select"),
        new("restored_databases", "select"),
        new("idempotency_keys", "select, insert"),
        // The order to run a batch, and what becomes of it.
        new("batches", "select, update"),
        new("batch_items", "select, update"),
        // Whether an export's file is there to be removed.
        new("exports", "select"),
        // What a repair is about, and what removals are judged by.
        new("drift_findings", "select"),
        new("drift_totals", "select"),
        new("drift_quarantine", "select"),
        new("installation", "", Reads: "restored_at"),
        new("custom_steps", "select"),
        // An order, of which somebody looks what became of it.
        new(
            "replay_checks", "select", "requested_at, requested_by, ordered_at, expects, resources, scan, outcome, reason, judged_at, looks",
            Inserts: "operation_id, requested_at, requested_by, ordered_at, expects, resources"),
        // To which version places can be upgraded.
        new("product_versions", "select"),
    ];

    /// <summary>The Api reads, accepts commands, answers waits and returns dead letters. Of an operation it can change only when it is due.</summary>
    public static IReadOnlyList<TableGrant> Api { get; } =
    [
        .. All, .. Accepting,
        new("audit", "select", Inserts: "occurrences"),
        // How far the audit log is sealed, and what proves it.
        new("audit_unsealed", "select"),
        new("audit_seals", "select"),
        new("audit_chain", "select"),
        new("audit_heads", "select"),
        new("database_server_health", "select"),
        // Whether a setting is sealed, and never its value.
        new("tenant_settings", "", Reads: "tenant_id, key, own, is_sealed"),
        new("dead_letters", "select", "returned_at, returned_by"),
        new("deletion_certificates", "select"),
        new("backup_parts", "select"),
        // Not their wrapped keys.
        new("registry_backups", "", Reads: RegistryBackup),
        new("batches", "insert"),
        new("batch_items", "insert"),
        new("backup_schedules", "select, insert, update"),
        new("backup_runs", "select"),
        // A version of a plan is added, and never changed.
        new("plans", "insert", "current_version"),
        new("plan_versions", "insert"),
        // Answers to steps that wait for an approval or a signal, perhaps before the step begins.
        new("operation_steps", "", "answer, due_at", Inserts: "operation_id, step, status, fence, answer"),
        // A dead letter that is returned may still be there.
        new("outbox", "", Reads: "message_id"),
        new("custom_steps", "insert"),
    ];

    /// <summary>The Orchestrator accepts commands, moves operations, sends messages and prunes old rows. It cannot read a tenant's secrets.</summary>
    public static IReadOnlyList<TableGrant> Orchestrator { get; } =
    [
        .. All, .. Accepting,
        new("operations", "update"),
        new("operation_steps", "insert, update, delete"),
        new("operation_history", "update, delete"),
        new("operation_scope_waits", "update, delete"),
        new("scheduled_commands", "delete"),
        new("batches", "delete"),
        new("backup_schedules", "select"),
        new("backup_runs", "select, insert, update"),
        new("backups", "select"),
        new("registry_backups", "", Reads: RegistryBackup),
        // Whether a tenant's backups may be destroyed.
        new("deletion_certificates", "select"),
        new("outbox", "select, update, delete"),
        new("dead_letters", "select, insert, update, delete"),
        new("idempotency_keys", "delete", "created_at"),
        new("admission_limit", "select, insert, update"),
        new("engine_clock", "update"),
        new("unreadable_operations", "select, insert, update, delete"),
        // When something is removed from quarantine that was not at its time.
        new("drift_quarantine", "", "until, removal"),
        // Of operations that ended long ago.
        new("place_uses", "select, delete"),
    ];

    /// <summary>
    /// A team's own worker takes and renews leases, and reads what its steps work on. It writes nothing else, and reads no tenant's secrets.
    /// </summary>
    public static IReadOnlyList<TableGrant> Steps { get; } =
    [
        new("registry_migrations", "select"),
        new("processes", "select, insert, delete", "heartbeat_at, connection_budget"),
        new("process_connections", "select, insert, update, delete"),
        new("engine_clock", "select"),
        new("operations", "select"),
        new("operation_steps", "select", Lease),
        new("workflows", "select"),
        new("tenants", "select"),
        new("tenant_domains", "select"),
        new("holds", "select"),
        // When a tenant is going to be removed.
        new("deprovisionings", "select"),
        new("scheduled_commands", "", Reads: "id, run_at, state"),
        new("placements", "select"),
    ];

    /// <summary>
    /// Workers take and renew leases, and write what their steps made of a tenant. They cannot change an operation, and of its steps only the lease.
    /// </summary>
    public static IReadOnlyList<TableGrant> Workers { get; } =
    [
        .. All,
        // They seal the audit log: of its content they read what is not sealed yet.
        new("audit", "", Reads: "id, at"),
        new("audit_to_seal", "select"),
        new("audit_unsealed", "select, delete"),
        new("audit_seals", "select, insert"),
        new("audit_chain", "select", "seq, hash"),
        new("audit_heads", "select, insert, update"),
        new("directory_sign_ins", "select, insert, delete"),
        new("operation_steps", "", Lease),
        new("tenants", "select", $"status, plan, plan_version, tier, organization_id, admin_user_id, schema_version, version, updated_at, {TenantData}"),
        new("tenant_changes", "select, update, delete"),
        new("box_keys", "select, insert"),
        // The domains of a tenant that ends, and a domain that an update replaces.
        new("tenant_domains", "delete", "linked_at"),
        new("placements", "insert, update"),
        // What an adoption found, so that it can be put back.
        new("adoptions", "select, insert, delete", "announced_at"),
        new("adopted_sources", "select, insert, delete", "announced_at"),
        new("adopted_members", "select, insert, delete", "operation_id, added, made_email"),
        // A reactivation lifts the holds that it was accepted for, a suspension announces its own, and a move sets and lifts its own.
        new("holds", "insert, delete", "effect, actor, reason, unannounced"),
        new("reactivations", "select, delete", "opening"),
        // The end of a tenant: what the registry knows of it goes, its names are reserved, and the certificate is written.
        new("deprovisionings", "delete", "announced_at, final_at"),
        new("removal_findings", "select, insert, delete"),
        new("reserved_names", "select, insert, update, delete"),
        new("deletion_certificates", "select, insert"),
        new("place_modes", "select, insert, update, delete"),
        new("database_servers", "select, insert, update"),
        new("server_replicas", "select, insert, update, delete"),
        new("shared_databases", "select, insert, update"),
        new("database_server_health", "select, insert, update"),
        new("tenant_credentials", "select, insert, update, delete"),
        new("credential_rotations", "select, insert"),
        new("tenant_keys", "select, insert, update, delete"),
        new("tenant_runtime_keys", "select, insert, update, delete"),
        new("tenant_settings", "select, insert, update, delete"),
        new("plan_changes", "select, insert, update, delete"),
        // What a move, a restore or a removal schedules, and its cancellation.
        new("scheduled_commands", "select, insert", "state, ended_by, end_reason, ended_at, next_try_at, claim"),
        new("tenant_migrations", "select, insert, update, delete"),
        new("product_versions", "select, insert"),
        // Shared tables that are upgraded, and who needs them as they are.
        new("place_upgrades", "select, insert, update"),
        new("place_uses", "select, insert, delete"),
        new("backups", "select, insert, update"),
        new("backup_parts", "select, insert, update, delete"),
        new("backup_keys", "select, insert, update, delete"),
        new("destroyed_backup_keys", "insert, update"),
        new("registry_backups", "select, insert, update"),
        new("restored_databases", "select, insert, update, delete"),
        new("backup_data_keys", "select, insert, update, delete"),
        // A tenant that ends has no backups by a schedule.
        new("backup_schedules", "delete", Reads: "tenant_id"),
        new("backup_runs", "delete", Reads: "tenant_id"),
        new("exports", "select, insert, update"),
        // And the lines that a running export asks for.
        new("exported_audit", "select"),
        // What everything bears that a step makes outside, and what scans see there.
        new("installation", "select"),
        new("drift_findings", "select, insert, update, delete"),
        new("drift_totals", "select, insert, update"),
        new("drift_quarantine", "select, insert, update, delete"),
        new("administrator_claims", "select, insert, update, delete"),
        new("administrator_addresses", "select, insert, update, delete"),
    ];
}
