using System.Globalization;
using Npgsql;
using Saga.Registry.Schema;
using Saga.Tests.Support;

namespace Saga.Tests.Simulation;

/// <summary>A registry in which the simulation's clock is the server's, for one schedule after the other.</summary>
internal sealed class SimulatedDatabase : IDisposable
{
    // The functions of pg_catalog come after these, because the schema comes before it in the connections' search path.
    private const string Clock =
        """
        create schema sim;
        create table sim.clock (at timestamptz not null) with (fillfactor = 10);
        insert into sim.clock values ('2030-01-01Z');
        create function sim.now() returns timestamptz language sql stable as 'select at from sim.clock';
        create function sim.clock_timestamp() returns timestamptz language sql stable as 'select at from sim.clock';
        create function sim.transaction_timestamp() returns timestamptz language sql stable as 'select at from sim.clock';
        create function sim.statement_timestamp() returns timestamptz language sql stable as 'select at from sim.clock';
        """;

    // Nothing but batches looks at them.
    private const string Tenants =
        """
        insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email)
        select id, 't' || n, 't' || n, 'enterprise', 'row', 'active', 't' || n, 'UTC', 'admin@example.com' from unnest($1) with ordinality as t (id, n)
        """;

    private static readonly string[] Touched =
    [
        "batch_items", "batches", "operation_history", "operation_steps", "operation_scopes", "operation_scope_waits", "outbox", "idempotency_keys", "replay_checks", "audit", "audit_unsealed",
        "admission_limit", "unreadable_operations", "operations", "workflows",
    ];

    private static readonly TimeSpan VacuumEvery = TimeSpan.FromSeconds(5);
    private readonly string connection;
    private readonly NpgsqlConnection own;
    private DateTimeOffset vacuumedAt = TimeProvider.System.GetUtcNow();

    private SimulatedDatabase(string connection)
    {
        this.connection = connection;
        Registry = NpgsqlDataSource.Create(connection);
        own = Open(connection);
    }

    /// <summary>For the product's stores.</summary>
    public NpgsqlDataSource Registry { get; private set; }

    public Pump Pump { get; private set; } = new();

    /// <summary>Creates databases, which the server keeps until they are dropped.</summary>
    /// <param name="admin">The connection string of a superuser of PostgreSQL.</param>
    /// <param name="count">How many.</param>
    public static async Task<IReadOnlyList<SimulatedDatabase>> CreateAsync(string admin, int count)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"simulation_{Environment.ProcessId}_{Guid.NewGuid():n}");
        var databases = new List<SimulatedDatabase>();
        for (var i = 0; i < count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}_{i}");
            await (i == 0 ? ClosedDatabases.CreateAsync(admin, name) : ClosedDatabases.CreateAsync(admin, name, $"{prefix}_0"));
            if (i == 0)
            {
                await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(admin) { Database = name, Pooling = false }.ConnectionString);
                await new RegistryMigrator(source).MigrateAsync();
                await using var clock = source.CreateCommand(Clock);
                await clock.ExecuteNonQueryAsync();
                await using var tenants = source.CreateCommand(Tenants);
                tenants.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. SimulatedBatch.Tenants] });
                await tenants.ExecuteNonQueryAsync();
            }
        }

        for (var i = 0; i < count; i++)
            databases.Add(new(Settings(admin, string.Create(CultureInfo.InvariantCulture, $"{prefix}_{i}"))));
        return databases;
    }

    /// <summary>Makes it empty, after a schedule that may have failed in the middle.</summary>
    public void Clear()
    {
        Execute($"{string.Concat(Touched.Select(t => $"delete from {t}; "))}update engine_clock set beat_at = null, idle = '0'");
        var now = TimeProvider.System.GetUtcNow();
        if (now - vacuumedAt < VacuumEvery)
            return;
        vacuumedAt = now;
        // The server's own vacuum may be off, and would not keep pace.
        Execute($"vacuum {string.Join(", ", Touched)}, engine_clock, sim.clock");
    }

    /// <summary>Ends what a schedule that failed has left under way.</summary>
    public void Recover()
    {
        Execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        Registry.Dispose();
        (Registry, Pump) = (NpgsqlDataSource.Create(connection), new());
    }

    public List<T> Query<T>(string sql, Func<NpgsqlDataReader, T> read, params NpgsqlParameter[] parameters)
    {
        using var command = new NpgsqlCommand(sql, own);
        command.Parameters.AddRange(parameters);
        using var rows = command.ExecuteReader();
        return All(rows, read);
    }

    public List<T> Query<T>(NpgsqlBatchCommand command, Func<NpgsqlDataReader, T> read)
    {
        using var batch = new NpgsqlBatch(own) { BatchCommands = { command } };
        using var rows = batch.ExecuteReader();
        return All(rows, read);
    }

    public void Execute(string sql, params NpgsqlParameter[] parameters)
    {
        using var command = new NpgsqlCommand(sql, own);
        command.Parameters.AddRange(parameters);
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        var name = own.Database;
        own.Dispose();
        Registry.Dispose();
        Execute(new NpgsqlConnectionStringBuilder(connection) { Database = "postgres", SearchPath = null, Options = null }.ConnectionString, $"drop database \"{name}\" with (force)");
    }

    private static List<T> All<T>(NpgsqlDataReader rows, Func<NpgsqlDataReader, T> read)
    {
        var all = new List<T>();
        while (rows.Read())
            all.Add(read(rows));
        return all;
    }

    // As the product's, except for the clock, and for times that only a schedule that hangs reaches.
    private static string Settings(string admin, string name) => new NpgsqlConnectionStringBuilder(admin)
    {
        Database = name, SearchPath = "sim,pg_catalog,public", MaxAutoPrepare = 64, NoResetOnClose = true, MaxPoolSize = 100, PersistSecurityInfo = true,
        Options = "-c synchronous_commit=off -c lock_timeout=10s -c statement_timeout=30s -c jit=off",
    }.ConnectionString;

    // What it deletes has constraints and triggers for the product.
    private static NpgsqlConnection Open(string connection)
    {
        var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connection) { Pooling = false, SearchPath = null }.ConnectionString);
        opened.Open();
        using var command = new NpgsqlCommand("set session_replication_role = replica", opened);
        command.ExecuteNonQuery();
        return opened;
    }

    private static void Execute(string admin, string sql)
    {
        using var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Pooling = false }.ConnectionString);
        opened.Open();
        using var command = new NpgsqlCommand(sql, opened);
        command.ExecuteNonQuery();
    }
}
