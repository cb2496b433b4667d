using Npgsql;

namespace Saga.Tenancy.Runtime;

/// <summary>The registry as runtimes see it: the views of the schema <c>runtime_v1</c>, to be read only. Thread-safe.</summary>
public sealed class RuntimeRegistry : IAsyncDisposable
{
    /// <summary>Named in every statement: the search path is the login's own business.</summary>
    internal const string Schema = "runtime_v1";

    private readonly NpgsqlDataSource source;

    internal RuntimeRegistry(RuntimeRegistryOptions options) => source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(options.ConnectionString) { MaxPoolSize = options.MaxConnections });

    public ValueTask DisposeAsync() => source.DisposeAsync();

    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);
}
