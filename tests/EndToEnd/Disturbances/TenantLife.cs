using System.Globalization;
using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>
/// One tenant after its provisioning. Its owner sends the next command when the one before has ended, and chooses at random what the tenant's state
/// allows. Every command is one that is accepted, so a refusal is a failure.
/// </summary>
internal sealed class TenantLife(Site site, HttpCaller http, string slug, Random random)
{
    private static readonly string[] Tiers = ["row", "schema", "database"];
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly List<Guid> operations = [];
    private readonly List<string> kinds = [];
    private bool hasBackup;
    private int commands;

    /// <summary>What each of its commands was.</summary>
    public IReadOnlyList<string> Kinds => kinds;

    public string Slug => slug;

    public TenantId Id { get; private set; }

    /// <summary>The operations of its commands, in their order.</summary>
    public IReadOnlyList<Guid> Operations => operations;

    /// <summary>Its rows, which no command changes; see <see cref="SampleRows"/>.</summary>
    public string Rows { get; private set; } = "";

    /// <summary>Lives on after its provisioning. Ends early when an operation does not complete, which an operator would look at first.</summary>
    /// <param name="over">Then it sends no more.</param>
    public async Task LiveAsync(CancellationToken over)
    {
        await Until.TrueAsync(async () => await RegistryAsync<bool>("select exists (select from operations o join tenants t on t.id = o.tenant_id where t.slug = @slug and o.state = 'completed')", new { slug }), $"{slug} is provisioned", TimeSpan.FromMinutes(20));
        Id = new(await RegistryAsync<Guid>("select id from tenants where slug = @slug", new { slug }));
        Rows = await RowsAsync(fills: true);
        while (!over.IsCancellationRequested && await NextAsync())
        {
        }
    }

    /// <summary>A digest of its rows, where it is routed.</summary>
    public async Task<string> RowsAsync() => await RowsAsync(fills: false);

    private Task<bool> NextAsync() => random.Next(11) switch
    {
        0 or 1 => MoveAsync(),
        2 => SuspendAsync(),
        3 => SendAsync("verify", new { }),
        4 => SendAsync("rotate-credentials", new { what = new[] { "database", "cache", "tenantKey" } }),
        5 => SendAsync("export", new { dataTypes = new[] { "documents", "settings", "audit_logs" }, format = random.Next(2) == 0 ? "json" : "csv" }),
        6 => DeleteAndCancelAsync(),
        7 => UpdateAsync(),
        8 or 9 when hasBackup => RestoreAsync(),
        _ => BackUpAsync(),
    };

    private async Task<bool> BackUpAsync() => hasBackup = await SendAsync("backup", new { includeObjects = random.Next(2) == 0 });

    private async Task<bool> RestoreAsync()
    {
        // The rows that it replaces would be kept beside others in the shared tables.
        if ((await PlacesAsync("kept")).Where(p => p.Tier == "row").Contains((await PlacesAsync("current")).Single()))
            return await BackUpAsync();
        var backups = (await http.GetAsync($"/api/v1/tenants/{slug}/backups")).GetProperty("items").EnumerateArray().Select(b => b.GetProperty("id").GetGuid()).ToList();
        return await SendAsync("restore", new { backupId = backups[random.Next(backups.Count)], mode = "replace" });
    }

    private async Task<bool> SuspendAsync() =>
        await SendAsync("suspend", new { reason = "The bill is not paid.", code = "nonPayment" }) && await SendAsync("reactivate", new { reason = "It is paid." });

    private async Task<bool> DeleteAndCancelAsync() =>
        await SendAsync("deprovision", new { confirm = slug, backup = true, graceDays = 7 }) && await SendAsync("deprovision/cancel", new { });

    private async Task<bool> MoveAsync()
    {
        var here = await PlacesAsync("current");
        // Shared tables hold the rows of a tenant once.
        var former = (await PlacesAsync("kept")).Where(p => p.Tier == "row");
        var places = Tiers.SelectMany(t => site.Servers.Select(s => (Tier: t, Server: s.Name))).Except([.. here, .. former]).ToList();
        var to = places[random.Next(places.Count)];
        return await SendAsync("migrate", new { isolation = to.Tier, server = to.Server, migrationOptions = new { downtime = true } })
            && (random.Next(3) > 0 || await SendAsync("migrate/revert", new { }));
    }

    private async Task<bool> UpdateAsync()
    {
        var version = (await http.GetAsync($"/api/v1/tenants/{slug}")).GetProperty("version").GetInt64();
        var key = Key("update");
        var operation = await http.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{slug}", new { description = key }, key, string.Create(CultureInfo.InvariantCulture, $"\"{version}\""));
        return await EndAsync("update", operation);
    }

    private async Task<bool> SendAsync(string command, object body) => await EndAsync(command, await http.SendAsync(HttpMethod.Post, $"/api/v1/tenants/{slug}/{command}", body, Key(command)));

    private string Key(string command) => string.Create(CultureInfo.InvariantCulture, $"{slug}-{++commands}-{command}");

    private async Task<bool> EndAsync(string command, JsonElement accepted)
    {
        var operation = accepted.GetProperty("id").GetGuid();
        operations.Add(operation);
        kinds.Add(command);
        while (true)
        {
            switch (await RegistryAsync<string>("select state from operations where id = @operation", new { operation }))
            {
                case "completed":
                    return true;
                case "compensated" or "cancelled" or "stalled":
                    return false;
            }

            await Task.Delay(Look);
        }
    }

    private async Task<List<(string Tier, string Server)>> PlacesAsync(string state) => [.. (await RegistryAsync<string[]>(
        "select coalesce(array_agg(tier || ' ' || server), '{}') from placements where tenant_id = @Value and state = @state", new { Id.Value, state }))!
        .Select(p => p.Split(' ')).Select(p => (p[0], p[1]))];

    private async Task<string> RowsAsync(bool fills)
    {
        var place = (await RegistryAsync<string>("select concat_ws(' ', server, database, schema) from placements where tenant_id = @Value and state = 'current'", new { Id.Value }))!.Split(' ');
        return await PersistAsync(async () =>
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(site.Servers.Single(s => s.Name == place[0]).ConnectionString)
            {
                Database = place[1], SearchPath = place[2], Pooling = false,
            }.ConnectionString);
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            if (fills && (await SampleRows.DigestAsync(connection, Id)).StartsWith("0 ", StringComparison.Ordinal))
                await SampleRows.FillAsync(connection, Id, users: 5, documents: 20);
            var digest = await SampleRows.DigestAsync(connection, Id);
            await transaction.CommitAsync();
            return digest;
        });
    }

    private Task<T?> RegistryAsync<T>(string sql, object parameters) => PersistAsync(async () =>
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    });

    // The test's own servers are away, too.
    private static async Task<T> PersistAsync<T>(Func<Task<T>> look)
    {
        while (true)
        {
            try
            {
                return await look();
            }
            catch (NpgsqlException)
            {
                await Task.Delay(Look);
            }
        }
    }
}
