using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry;
using Saga.Tenancy.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Sealing;

public sealed class When_a_credential_is_saved : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;
    private CredentialStore store = null!;
    private TenantCredentials found = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme", placement: new("main", "acme", "product"));
        var services = SealingFixture.On(registry, "k1", ("k1", SealingFixture.First));
        store = services.GetRequiredService<CredentialStore>();
        found = services.GetRequiredService<TenantCredentials>();
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_be_found_opened()
    {
        await SaveAsync("pass");

        (await found.FindAsync(tenant.Id, CredentialPurposes.Database, default)).ShouldBe(new Credential("user", "pass"));
        (await found.FindAsync(tenant.Id, CredentialPurposes.Cache, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_keep_the_first_when_the_step_runs_again()
    {
        await SaveAsync("first");

        (await SaveAsync("second")).Password.ShouldBe("first");
        (await found.FindAsync(tenant.Id, CredentialPurposes.Database, default))!.Password.ShouldBe("first");
    }

    [Fact]
    public async Task Should_agree_on_one_when_two_save_at_once()
    {
        var saved = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => SaveAsync($"pass{i}", $"step{i}")));

        saved.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Should_write_nothing_readable()
    {
        await SaveAsync("pass-in-the-clear");

        await using var connection = await registry.OpenConnectionAsync();
        var bytes = await connection.ExecuteScalarAsync<byte[]>("select sealed from tenant_credentials");
        System.Text.Encoding.UTF8.GetString(bytes!).ShouldNotContain("pass-in-the-clear");
        new Credential("user", "pass-in-the-clear").ToString().ShouldNotContain("clear");
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_is_lost()
    {
        var stale = await tenant.BeginAsync("database");
        await tenant.BeginAsync("database");

        await Should.ThrowAsync<LeaseLostException>(() => new LeasedTransactions(registry, new RegistryClock()).BeginAsync(stale.Lease, default));
    }

    private async Task<Credential> SaveAsync(string password, string step = "database")
    {
        var context = await tenant.BeginAsync(step);
        await using var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default);
        var credential = await store.SaveAsync(transaction, CredentialKey.Of(tenant.Id, tenant.Id.Value, CredentialPurposes.Database), "user", password, default);
        await transaction.CommitAsync(default);
        return credential;
    }
}
