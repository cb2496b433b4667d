using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Runtime;

public sealed class When_a_runtime_opens_secrets : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;
    private SeededTenant other = null!;
    private ServiceProvider workers = null!;
    private ProductService product = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme", placement: new("main", "acme", "product"));
        other = await Seed.TenantAsync(registry, "other", placement: new("main", "other", "product"));
        workers = SealingFixture.On(registry, "k1", ("k1", SealingFixture.First));
        product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        await SaveAsync(tenant, "acme's");
        await SaveAsync(other, "other's");
    }

    public async ValueTask DisposeAsync()
    {
        await product.DisposeAsync();
        await workers.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_find_a_credential_opened_without_a_master_key()
    {
        (await product.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default)).ShouldBe(new Credential("user", "acme's"));
        (await product.Credentials.FindAsync(other.Id, CredentialPurposes.Database, default)).ShouldBe(new Credential("user", "other's"));
        (await product.Credentials.FindAsync(tenant.Id, CredentialPurposes.Cache, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_read_settings_in_the_clear_and_sealed()
    {
        var envelope = await workers.GetRequiredService<TenantSealer>().SealAsync(
            tenant.Id, TenantSettings.Purpose("webhookSigningSecret"), JsonSerializer.SerializeToUtf8Bytes("hush"), default);
        await ExecuteAsync(
            "insert into tenant_settings (tenant_id, key, value, sealed) values (@Value, 'api.rate_limit', '12', null), (@Value, 'webhookSigningSecret', null, @envelope)",
            new { tenant.Id.Value, envelope });

        var all = await product.Settings.ReadAllAsync(tenant.Id, default);

        all.Count.ShouldBe(2);
        all["api.rate_limit"].GetInt32().ShouldBe(12);
        all["webhookSigningSecret"].GetString().ShouldBe("hush");
        (await product.Settings.FindAsync(tenant.Id, "webhookSigningSecret", default))!.Value.GetString().ShouldBe("hush");
    }

    [Fact]
    public async Task Should_not_open_another_tenants_secret_that_is_put_in_its_place()
    {
        await ExecuteAsync(
            "update tenant_credentials set sealed = (select sealed from tenant_credentials where tenant_id = @Other) where tenant_id = @Tenant",
            new { Other = other.Id.Value, Tenant = tenant.Id.Value });
        await Should.ThrowAsync<SealingException>(() => product.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default));

        await ExecuteAsync(
            "update tenant_runtime_keys set wrapped = (select wrapped from tenant_runtime_keys where tenant_id = @Other) where tenant_id = @Tenant",
            new { Other = other.Id.Value, Tenant = tenant.Id.Value });
        (await Should.ThrowAsync<SealingException>(() => product.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default)))
            .Message.ShouldContain("was changed");
    }

    [Fact]
    public async Task Should_open_nothing_of_a_master_keys_with_the_runtime_key()
    {
        await using var connection = await registry.OpenConnectionAsync();
        var wrapped = (await connection.QueryAsync<byte[]>("select wrapped from tenant_keys")).ToList();
        var id = tenant.Id.Value.ToByteArray(bigEndian: true);

        wrapped.Count.ShouldBe(2);
        foreach (var key in wrapped)
        {
            foreach (var associated in (byte[][])[[.. id, .. "tenant key"u8], [.. id, .. "runtime key"u8], id, []])
                Envelope.TryOpen(Convert.FromBase64String(RuntimeLogin.Key), key, associated, out _).ShouldBe(EnvelopeResult.OtherKey);
        }
    }

    [Fact]
    public async Task Should_not_take_what_a_runtime_key_wrapped_for_what_a_master_key_wrapped()
    {
        // Even if one key was configured for both, despite the check at start.
        await using var same = new ProductService(registry, ("r1", SealingFixture.First));
        await ExecuteAsync("update tenant_runtime_keys r set wrapped = k.wrapped from tenant_keys k where k.tenant_id = r.tenant_id", null);

        (await Should.ThrowAsync<SealingException>(() => same.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default)))
            .Message.ShouldContain("was changed");
    }

    [Fact]
    public async Task Should_say_which_runtime_key_is_missing()
    {
        await using var late = new ProductService(registry, ("r2", SealingFixture.Second));

        var error = await Should.ThrowAsync<SealingException>(() => late.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default));

        error.Message.ShouldContain("'r1'");
        error.Message.ShouldContain("Saga:Runtime:Keys:r1");
    }

    [Fact]
    public async Task Should_say_that_a_runtime_key_is_not_what_it_was()
    {
        await using var wrong = new ProductService(registry, ("r1", SealingFixture.Second));

        (await Should.ThrowAsync<SealingException>(() => wrong.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default)))
            .Message.ShouldContain("Saga:Runtime:Keys:r1 is not the runtime key that wrapped");
    }

    [Fact]
    public async Task Should_open_nothing_once_the_key_is_destroyed()
    {
        (await product.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default)).ShouldNotBeNull();
        var context = await tenant.BeginAsync("reserve");
        await using (var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default))
        {
            await TenantSealer.DestroyAsync(transaction, tenant.Id, default);
            await transaction.CommitAsync(default);
        }

        (await Should.ThrowAsync<SealingException>(() => product.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default)))
            .Message.ShouldContain("has no key for runtimes");
        (await product.Credentials.FindAsync(other.Id, CredentialPurposes.Database, default)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_say_nothing_secret_when_it_cannot_open()
    {
        await using var wrong = new ProductService(registry, ("r1", SealingFixture.Second));

        var text = (await Should.ThrowAsync<SealingException>(() => wrong.Credentials.FindAsync(tenant.Id, CredentialPurposes.Database, default))).ToString();

        text.ShouldNotContain(SealingFixture.Second);
        text.ShouldNotContain(RuntimeLogin.Key);
    }

    private async Task SaveAsync(SeededTenant of, string password)
    {
        var context = await of.BeginAsync("database");
        await using var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default);
        await workers.GetRequiredService<CredentialStore>().SaveAsync(transaction, CredentialKey.Of(of.Id, of.Id.Value, CredentialPurposes.Database), "user", password, default);
        await transaction.CommitAsync(default);
    }

    private async Task ExecuteAsync(string sql, object? parameters)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
