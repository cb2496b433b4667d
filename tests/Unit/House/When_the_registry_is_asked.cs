using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>
/// The SQL of the control-plane database is in src/Registry. Other projects call its stores, and product services read the views of
/// runtime_v1. Workers contain SQL only for tenants' own databases.
/// </summary>
public sealed partial class When_the_registry_is_asked
{
    // The folders of src/Registry that write a table: one owner each. The parts of the engine's port write the engine's tables. Deprovisionings deletes
    // what there is of a tenant, as Retention deletes what is old.
    private static readonly Dictionary<string, string> Owners = new(StringComparer.Ordinal)
    {
        ["box_keys"] = "Secrets", ["custom_steps"] = "CustomSteps",
        ["administrator_addresses"] = "Tenants", ["credential_rotations"] = "Secrets", ["administrator_claims"] = "Deprovisionings, Tenants", ["admission_limit"] = "Admission", ["adopted_members"] = "Tenants", ["adopted_sources"] = "Placements", ["adoptions"] = "Placements", ["audit"] = "Audit, Backups, Batches, CustomSteps, DeadLetters, Deprovisionings, Domains, Exports, Holds, Intake, Operations, Plans, Reactivations, Recovery, Replays, Schedule, Scopes, Waits", ["audit_chain"] = "Audit, Recovery", ["audit_heads"] = "Audit", ["audit_seals"] = "Audit", ["audit_unsealed"] = "Audit", ["backup_data_keys"] = "Backups", ["backup_keys"] = "Backups", ["backup_parts"] = "Backups", ["backup_runs"] = "Backups, Deprovisionings", ["backup_schedules"] = "Backups, Deprovisionings", ["backups"] = "Backups", ["database_server_health"] = "Placements", ["database_servers"] = "Placements", ["dead_letters"] = "DeadLetters, Retention", ["deletion_certificates"] = "Deprovisionings", ["destroyed_backup_keys"] = "Backups", ["directory_sign_ins"] = "Audit", ["drift_findings"] = "Drift", ["drift_quarantine"] = "Drift", ["drift_totals"] = "Drift", ["installation"] = "Recovery", ["registry_backups"] = "Backups, Recovery", ["deprovisionings"] = "Deprovisionings", ["engine_clock"] = "Sweep", ["exports"] = "Exports", ["holds"] = "Deprovisionings, Holds, Reactivations", ["idempotency_keys"] = "Intake, Retention", ["operation_history"] = "Batches, Intake, Operations, Replays, Retention, Scopes, Transitions, Waits", ["removal_findings"] = "Deprovisionings", ["reserved_names"] = "Deprovisionings",
        ["batch_items"] = "Batches", ["batches"] = "Batches, Retention", ["operation_scope_waits"] = "Scopes, Transitions", ["operation_scopes"] = "Operations, Scopes, Transitions", ["operation_steps"] = "Leases, Recovery, Retention, Sweep, Transitions, Waits",
        ["operations"] = "Admission, Intake, Retention, Scopes, Sweep, Transitions, Waits", ["outbox"] = "DeadLetters, Operations, Outbox, Retention, Sweep, Transitions", ["place_modes"] = "Deprovisionings, Placements", ["place_upgrades"] = "Placements", ["place_uses"] = "Placements, Retention", ["placements"] = "Placements", ["plan_changes"] = "Deprovisionings, Plans", ["plan_versions"] = "Plans", ["plans"] = "Plans",
        ["process_connections"] = "Processes, Recovery", ["processes"] = "Processes, Recovery", ["product_versions"] = "Products", ["reactivations"] = "Deprovisionings, Reactivations", ["replay_checks"] = "Replays", ["restored_databases"] = "Backups, Deprovisionings", ["scheduled_commands"] = "Deprovisionings, Recovery, Retention, Schedule", ["server_replicas"] = "Placements", ["shared_databases"] = "Placements", ["tenant_changes"] = "Deprovisionings, Tenants", ["tenant_credentials"] = "Deprovisionings, Secrets", ["tenant_domains"] = "Deprovisionings, Domains", ["tenant_keys"] = "Deprovisionings, Secrets",
        ["tenant_migrations"] = "Deprovisionings, Tenants", ["tenant_runtime_keys"] = "Secrets", ["tenant_settings"] = "Deprovisionings, Settings", ["tenants"] = "Deprovisionings, Domains, Reactivations, Tenants",
        ["unreadable_operations"] = "Transitions", ["workflows"] = "Intake",
    };

    private static readonly string Sources = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "src"));

    private static readonly IReadOnlySet<string> Tables = TablesOfTheMigrations();

    [Fact]
    public void Should_be_asked_in_its_own_project_only() =>
        Texts().Where(t => t.Folder is not "Registry").SelectMany(t => Uses(t.Text, AnyUse()).Select(use => $"{t.File}: {use}")).Distinct().ShouldBeEmpty();

    [Fact]
    public void Should_be_read_through_its_views_by_product_services_only() =>
        Texts().Where(t => t.Folder is not ("Registry" or "Tenancy"))
            .Where(t => t.Text.Contains("runtime_v1", StringComparison.Ordinal) || t.Text.Contains("RuntimeRegistry.Schema", StringComparison.Ordinal))
            .Select(t => t.File).Distinct().ShouldBeEmpty();

    [Fact]
    public void Should_have_an_owner_for_each_table() =>
        Texts().Where(t => t.Folder is "Registry").SelectMany(t => Uses(t.Text, Write()).Select(table => (Table: table, Owner: t.File.Split('/')[1])))
            .Distinct().GroupBy(w => w.Table, w => w.Owner, StringComparer.Ordinal)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)
            .ShouldBe(Owners.Select(o => $"{o.Key}: {o.Value}").Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("select 1 from operations o", "operations")]
    [InlineData("with a as (select 1) insert into audit (at) select 1", "audit")]
    [InlineData("delete from only public.tenants where true", "tenants")]
    [InlineData("update \"tenants\" set name = ''", "tenants")]
    [InlineData("select 1 from x left join placements p on true", "placements")]
    [InlineData("lock table outbox", "outbox")]
    [InlineData("select 1 from tenant_settings_of_another_kind", "")]
    [InlineData("insert into {schema}.tenants (tenant_id) values (1)", "")]
    public void Should_be_seen_in_a_statement(string sql, string table) => string.Join(", ", Uses(sql, AnyUse())).ShouldBe(table);

    [Fact]
    public void Should_have_tables_that_this_test_finds() => Tables.ShouldContain("operation_steps");

    private static IEnumerable<string> Uses(string text, Regex use) =>
        use.Matches(text).Select(m => m.Groups["table"].Value).Where(Tables.Contains).Distinct(StringComparer.Ordinal);

    private static IEnumerable<(string Folder, string File, string Text)> Texts() =>
        from file in Directory.GetFiles(Sources, "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Sources, file).Replace('\\', '/')
        where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
        from Match text in Literal().Matches(WholeLineComment().Replace(File.ReadAllText(file), ""))
        select (name.Split('/')[0], name, text.Value);

    private static HashSet<string> TablesOfTheMigrations()
    {
        var tables = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(Path.Combine(Sources, "Registry", "Migrations"), "*.sql").Order(StringComparer.Ordinal))
        {
            var sql = File.ReadAllText(file);
            tables.UnionWith(Created().Matches(sql).Select(m => m.Groups["table"].Value));
            tables.UnionWith(Renamed().Matches(sql).Select(m => m.Groups["table"].Value));
        }

        return tables;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    // A table name after a keyword that requires one. Tables of other schemas are qualified.
    [GeneratedRegex("""\b(?:from|join|into|update|table|only)\s+(?:only\s+)?(?:public\.)?"?(?<table>[a-z_]+)\b(?!\.)""", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex AnyUse();

    [GeneratedRegex("""\b(?:insert\s+into|update|delete\s+from)\s+"?(?<table>[a-z_]+)\b(?!\.)""", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Write();

    [GeneratedRegex("\"{3}[\\s\\S]*?\"{3}|\"(?:\\\\.|[^\"\\\\\\n])*\"|RuntimeRegistry\\.Schema", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Literal();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.CultureInvariant | RegexOptions.Multiline, 5000)]
    private static partial Regex WholeLineComment();

    [GeneratedRegex(@"create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(?<table>[a-z_]+)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Created();

    [GeneratedRegex(@"alter\s+table\s+[a-z_]+\s+rename\s+to\s+(?<table>[a-z_]+)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Renamed();
}
