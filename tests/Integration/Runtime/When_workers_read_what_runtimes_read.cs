using Microsoft.Extensions.DependencyInjection;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Runtime;

public sealed class When_workers_read_what_runtimes_read
{
    [Fact]
    public async Task Should_share_the_registrys_connections_without_a_connection_string_for_runtimes()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", placement: new("main", "acme", "product"));
        // The test provides the registry's data source. A second one would use the configured connection string, which is invalid.
        await using var workers = SealingFixture.On(
            registry, "k1", [("Saga:Runtime:Registry:ConnectionString", ""), ("Saga:Registry:ConnectionString", "Host=nowhere.invalid")], ("k1", SealingFixture.First));
        var context = await tenant.BeginAsync("database");
        await using (var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default))
        {
            await workers.GetRequiredService<CredentialStore>().SaveAsync(transaction, CredentialKey.Of(tenant.Id, tenant.Id.Value, CredentialPurposes.Database), "user", "pass", default);
            await transaction.CommitAsync(default);
        }

        (await workers.GetRequiredService<TenantCredentials>().FindAsync(tenant.Id, CredentialPurposes.Database, default)).ShouldBe(new Credential("user", "pass"));
        await workers.DisposeAsync();

        // The data source was borrowed, so it stays open.
        (await registry.OpenConnectionAsync(TestContext.Current.CancellationToken)).Dispose();
    }
}
