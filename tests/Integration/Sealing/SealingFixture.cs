using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Tests.Support;
using Saga.Workers.Sealing;

namespace Saga.Tests.Integration.Sealing;

/// <summary>Sealing with a given registry and fixed master keys, registered like in a host.</summary>
internal static class SealingFixture
{
    public static readonly string First = Convert.ToBase64String(new byte[32].Select((_, i) => (byte)i).ToArray());
    public static readonly string Second = Convert.ToBase64String(new byte[32].Select((_, i) => (byte)(i + 1)).ToArray());

    public static ServiceProvider On(NpgsqlDataSource registry, string active, params (string Id, string Key)[] keys) => On(registry, active, [], keys);

    public static ServiceProvider On(NpgsqlDataSource registry, string active, (string Key, string Value)[] settings, params (string Id, string Key)[] keys)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Registry:ConnectionString", registry.ConnectionString),
            new("Saga:Sealing:ActiveKey", active),
            new("Saga:Runtime:Keys:r1", RuntimeLogin.Key),
            new("Saga:Runtime:Registry:ConnectionString", RuntimeLogin.On(registry.ConnectionString)),
            .. keys.Select(k => KeyValuePair.Create<string, string?>($"Saga:Sealing:MasterKeys:{k.Id}", k.Key)),
        ]).AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>(s.Key, s.Value))).Build();
        return new ServiceCollection().AddLogging().AddSealing(configuration).AddRuntimeReads(configuration).AddSingleton(registry).BuildServiceProvider();
    }

    public static TenantSealer Sealer(NpgsqlDataSource registry, string active, params (string Id, string Key)[] keys) =>
        On(registry, active, keys).GetRequiredService<TenantSealer>();

    /// <summary>Wraps keys of other master keys again, and returns how many.</summary>
    public static async Task<int> RewrapAsync(NpgsqlDataSource registry, TenantSealer sealer)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var batch = await sealer.RewrapAsync(transaction, Guid.Empty, 1000, default);
        await transaction.CommitAsync();
        return batch.Wrapped;
    }
}
