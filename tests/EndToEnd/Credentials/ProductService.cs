using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Connections;

namespace Saga.Tests.EndToEnd.Credentials;

/// <summary>A product service that uses the tenants' logins.</summary>
internal sealed class ProductService(IConfiguration configuration) : IAsyncDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddLogging().AddTenantConnections(configuration).AddTenantSettings(configuration).BuildServiceProvider();

    /// <summary>One request: reads and writes the tenant's rows, and opens a sealed setting.</summary>
    /// <returns>The login that it used.</returns>
    public async Task<string> RequestAsync(TenantId tenant)
    {
        await services.GetRequiredService<TenantSettings>().ReadAllAsync(tenant, default);
        await using var session = await services.GetRequiredService<TenantConnections>().OpenAsync(tenant, default);
        await using var command = new NpgsqlCommand(
            "insert into users (email, display_name) values (gen_random_uuid() || '@acme.com', 'A'); select session_user::text", session.Connection, session.Transaction);
        var login = (string)(await command.ExecuteScalarAsync())!;
        await session.CommitAsync(default);
        return login;
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
