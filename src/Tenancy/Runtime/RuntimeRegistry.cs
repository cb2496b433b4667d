using Npgsql;

namespace Saga.Tenancy.Runtime;

/// <summary>The registry as runtimes see it: the read-only views of the schema <c>runtime_v1</c>. Thread-safe.</summary>
public sealed class RuntimeRegistry : IAsyncDisposable
{
    /// <summary>Every statement names the schema, because the login may have any search path.</summary>
    internal const string Schema = "runtime_v1";

    private readonly NpgsqlDataSource source;
    private readonly bool owned;

    internal RuntimeRegistry(RuntimeRegistryOptions options)
        : this(NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(options.ConnectionString) { MaxPoolSize = options.MaxConnections }), owned: true)
    {
    }

    private RuntimeRegistry(NpgsqlDataSource source, bool owned) => (this.source, this.owned) = (source, owned);

    /// <summary>For a process that already has a data source for the registry; it opens no further connections.</summary>
    internal static RuntimeRegistry Sharing(NpgsqlDataSource registry) => new(registry, owned: false);

    public ValueTask DisposeAsync() => owned ? source.DisposeAsync() : ValueTask.CompletedTask;

    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);
}
