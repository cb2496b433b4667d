using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;

namespace Saga.Tests.Integration.Drift;

/// <summary>Runs steps of scans, and makes the tenants that they look at.</summary>
internal sealed class DriftScans(NpgsqlDataSource registry)
{
    private const string Step = "scan";

    /// <summary>How old a change must be, unless the scan includes what is recent.</summary>
    public int GraceMinutes { get; init; }

    /// <summary>How old a change must be for a repair.</summary>
    public int RepairGraceMinutes { get; set; }

    public bool IncludeRecent { get; init; }

    /// <summary>Ends the operation that seeded the tenant, as if it had been provisioned an hour ago.</summary>
    public Task ActivateAsync(SeededTenant tenant) => registry.ExecuteAsync(
        """
        update tenants set status = 'active', updated_at = now() - interval '1 hour' where id = @Id;
        update placements set state = 'current', updated_at = now() - interval '1 hour' where tenant_id = @Id and state = 'building';
        update operations set state = 'completed', finished_at = now() - interval '1 hour' where id = @OperationId;
        delete from operation_scopes where operation_id = @OperationId;
        """,
        new { Id = tenant.Id.Value, tenant.OperationId });

    /// <summary>A step of a new scan.</summary>
    public Task<StepContext> BeginAsync(int attempt = 1, params IReadOnlyList<TenantId> tenants) =>
        BeginAsync("scanDrift", new ScanDrift { All = tenants.Count == 0 ? true : null, Tenants = tenants.Count == 0 ? null : tenants, IncludeRecent = IncludeRecent ? true : null }, attempt);

    /// <summary>A step of a new operation.</summary>
    public async Task<StepContext> BeginAsync(string kind, object command, int attempt = 1)
    {
        var operation = new SeededTenant(registry, new TenantId(Guid.CreateVersion7()), Guid.CreateVersion7());
        await registry.ExecuteAsync(
            """
            insert into workflows (digest, kind, version, definition) values (@kind, @kind, 1, '{}') on conflict do nothing;
            insert into operations (id, kind, workflow_digest, state, input, requested_by) values (@OperationId, @kind, @kind, 'running', @Input::jsonb, 'ada');
            """,
            new { operation.OperationId, kind, Input = JsonSerializer.Serialize(command, command.GetType(), Json.Options) });
        return await operation.BeginAsync(Step, attempt);
    }

    /// <summary>What repairs and ends quarantines.</summary>
    public DriftRepairer Repairer
    {
        get
        {
            var clock = new RegistryClock();
            return new(
                new Installation(registry), new DriftStore(registry, clock), new QuarantineStore(registry, clock), new LeasedTransactions(registry, clock),
                Options.Create(new DriftOptions { GraceMinutes = RepairGraceMinutes }), NullLogger<DriftRepairer>.Instance);
        }
    }

    /// <summary>Repairs the findings that are open, or some of them.</summary>
    /// <returns>The outcomes, in words.</returns>
    public async Task<IReadOnlyList<string>> RepairAsync(IResourceRepair repair, params IReadOnlyList<Guid> findings) => Words(await Repairer.RepairAsync(await RepairingAsync(findings), repair, CancellationToken.None));

    /// <summary>A step of a new repair.</summary>
    public async Task<StepContext> RepairingAsync(params IReadOnlyList<Guid> findings) => await BeginAsync(
        "repairDrift", new RepairDrift { Items = findings.Count > 0 ? findings : await FindingsAsync(), Reason = "Somebody has changed it." });

    public static IReadOnlyList<string> Words(DriftRepairOutput output) => [.. output.Items.Select(i => $"{i.Outcome} {i.Resource} {i.Name}")];

    /// <summary>Releases what is in quarantine, the last one first.</summary>
    public async Task ReleaseAsync(IResourceRepair repair)
    {
        foreach (var id in (await QuarantinedAsync()).Reverse())
        {
            await Repairer.ReleaseAsync(
                await BeginAsync("releaseQuarantined", new ReleaseQuarantined { QuarantineId = id, Reason = "Somebody needs it." }), repair, CancellationToken.None);
        }
    }

    /// <summary>Removes what is in quarantine, the first one first.</summary>
    /// <returns>What became of each, in words.</returns>
    public async Task<IReadOnlyList<string>> RemoveAsync(IResourceRepair repair)
    {
        var words = new List<string>();
        foreach (var id in await QuarantinedAsync())
        {
            var output = await Repairer.RemoveAsync(await BeginAsync("removeQuarantined", new RemoveQuarantined { QuarantineId = id }), repair, CancellationToken.None);
            words.Add($"{output.Outcome} {output.Words}".Trim());
        }

        return words;
    }

    /// <summary>As if what quarantined everything had died before it committed that all was done.</summary>
    public Task ForgetQuarantinedAsync() => registry.ExecuteAsync(
        """
        update drift_quarantine set state = 'quarantining', quarantined_at = null, until = null, removal = null;
        update drift_findings set ended_at = null, repaired_by = null;
        delete from scheduled_commands;
        """);

    public Task<IReadOnlyList<Guid>> FindingsAsync() => IdsAsync("select id from drift_findings where ended_at is null");

    public Task<IReadOnlyList<Guid>> QuarantinedAsync() => IdsAsync("select id from drift_quarantine where state = 'quarantined' order by quarantined_at");

    /// <summary>The states of quarantines, each once.</summary>
    public Task<string?> StatesAsync() => registry.ScalarAsync<string>("select coalesce(string_agg(distinct state, ' '), '') from drift_quarantine");

    private async Task<IReadOnlyList<Guid>> IdsAsync(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<Guid>(sql)];
    }

    public async Task<DriftScanOutput> RunAsync(IInventory inventory, int attempt = 1, params IReadOnlyList<TenantId> tenants) =>
        await RunAsync(inventory, await BeginAsync(attempt, tenants));

    public async Task<DriftScanOutput> RunAsync(IInventory inventory, StepContext context)
    {
        var clock = new RegistryClock();
        var scanner = new DriftScanner(
            new Installation(registry), new DriftStore(registry, clock), new LeasedTransactions(registry, clock), Options.Create(new DriftOptions { GraceMinutes = GraceMinutes }), NullLogger<DriftScanner>.Instance);
        return await scanner.RunAsync(context, inventory, CancellationToken.None);
    }

    /// <summary>The findings that are open, in words.</summary>
    public async Task<IReadOnlyList<string>> OpenAsync()
    {
        await using var connection = await registry.OpenConnectionAsync();
        return
        [
            .. await connection.QueryAsync<string>(
                """
                select concat_ws(' ', kind, resource, name, (
                    select string_agg(concat(d ->> 'fact', '=', coalesce(d ->> 'found', '-'), '!', coalesce(d ->> 'expected', '-')), ' ' order by d ->> 'fact') from jsonb_array_elements(differences) d))
                from drift_findings where ended_at is null order by 1
                """),
        ];
    }
}
