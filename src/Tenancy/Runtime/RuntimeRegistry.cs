using Npgsql;

namespace Saga.Tenancy.Runtime;

/// <summary>The registry as runtimes see it: the views of the schema <c>runtime_v1</c>, to be read only. Thread-safe.</summary>
public sealed class RuntimeRegistry : IAsyncDisposable
{
    /// <summary>Named in every statement: the search path is the login's own business.</summary>
    internal const string Schema = "runtime_v1";

    private readonly NpgsqlDataSource source;
    private readonly bool owned;

    internal RuntimeRegistry(RuntimeRegistryOptions options)
        : this(NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(options.ConnectionString) { MaxPoolSize = options.MaxConnections }), owned: true)
    {
    }

    private RuntimeRegistry(NpgsqlDataSource source, bool owned) => (this.source, this.owned) = (source, owned);

    /// <summary>For a process that has a way to the registry already: no connections besides.</summary>
    internal static RuntimeRegistry Sharing(NpgsqlDataSource registry) => new(registry, owned: false);

    public ValueTask DisposeAsync() => owned ? source.DisposeAsync() : ValueTask.CompletedTask;

    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);
}
