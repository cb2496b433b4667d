using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Secrets;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Configuration;

public sealed class When_a_tenants_key_is_rotated : IAsyncLifetime
{
    private const string Secret = "webhookSigningSecret";
    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(registry, (s, c) => s.AddResource<ConfigurationModule>(c).AddTenantSettings(c));
        tenant = await TenantAsync("acme");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_keep_every_secret_readable_for_runtimes_and_forget_the_former_key()
    {
        var (secret, password, keys, sealedBefore) = (await SecretAsync(), await PasswordAsync(), await KeysAsync(), await SealedAsync());

        await RotateAsync();

        (await SecretAsync()).ShouldBe(secret);
        (await PasswordAsync()).ShouldBe(password);
        (await KeysAsync()).ShouldNotContain(k => keys.Contains(k));
        (await SealedAsync()).ShouldNotContain(s => sealedBefore.Contains(s), "nothing is left that the former key opens");
        (await registry.ScalarAsync<string>("select body from outbox where message_type like '%.TenantCredentialsRotated'"))!.ShouldContain("\"what\":[\"tenantKey\"]");
        // Workers seal with it too.
        await host.Step(StepNames.Configuration).ExecuteAsync(await tenant.BeginAsync(StepNames.Configuration), default);
        (await SecretAsync()).ShouldBe(secret);
    }

    [Fact]
    public async Task Should_leave_other_tenants_alone()
    {
        var other = await TenantAsync("other");
        var secret = (await host.Get<TenantSettings>().FindAsync(other.Id, Secret, default))!.Value.GetString();

        await RotateAsync();

        (await host.Get<TenantSettings>().FindAsync(other.Id, Secret, default))!.Value.GetString().ShouldBe(secret);
    }

    [Fact]
    public async Task Should_rotate_once_however_often_the_step_runs()
    {
        await RotateAsync();
        var keys = await KeysAsync();

        await RotateAsync();

        (await KeysAsync()).ShouldBe(keys);
        (await registry.ScalarAsync<long>("select count(*) from outbox where message_type like '%.TenantCredentialsRotated'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_refuse_while_a_runtime_has_a_key_that_this_worker_lacks()
    {
        await registry.ExecuteAsync("insert into tenant_runtime_keys (tenant_id, runtime_key_id, wrapped) values (@Value, 'r9', '\\x00')", new { tenant.Id.Value });
        var keys = await KeysAsync();

        var failure = (await Should.ThrowAsync<StepFailureException>(RotateAsync)).Failure;

        (failure.Code, failure.Transient).ShouldBe(("runtime-key-missing", false));
        failure.Remedy!.ShouldContain("Saga:Runtime:Keys:r9");
        (await KeysAsync()).ShouldBe(keys);
    }

    [Fact]
    public async Task Should_change_nothing_when_a_secret_cannot_be_opened()
    {
        await registry.ExecuteAsync("update tenant_settings set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1) where sealed is not null");
        var (keys, sealedBefore) = (await KeysAsync(), await SealedAsync());

        (await Should.ThrowAsync<StepFailureException>(RotateAsync)).Failure.Code.ShouldBe("secret-unreadable");

        (await KeysAsync()).ShouldBe(keys);
        (await SealedAsync()).ShouldBe(sealedBefore);
        (await registry.ScalarAsync<long>("select count(*) from credential_rotations")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_say_that_there_is_nothing_to_rotate()
    {
        await registry.ExecuteAsync("delete from tenant_keys");

        (await Should.ThrowAsync<StepFailureException>(RotateAsync)).Failure.Code.ShouldBe("key-missing");
    }

    [Fact]
    public async Task Should_fail_no_reader_and_lose_nothing_that_is_sealed_meanwhile()
    {
        var secret = await SecretAsync();
        using var stop = new CancellationTokenSource();
        var sealer = host.Get<TenantSealer>();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var reads = 0;
            for (; !stop.IsCancellationRequested; reads++)
            {
                (await SecretAsync()).ShouldBe(secret);
                (await PasswordAsync()).ShouldBe("pass");
            }

            return reads;
        })).ToArray();
        var writer = Task.Run(async () =>
        {
            for (var n = 0; !stop.IsCancellationRequested; n++)
            {
                await using var connection = await registry.OpenConnectionAsync();
                var context = await tenant.BeginAsync("writer");
                await using var transaction = await host.Get<Saga.Registry.Leases.LeasedTransactions>().BeginAsync(context.Lease, default);
                var envelope = await sealer.SealAsync(transaction, tenant.Id, TenantSettings.Purpose("written"), JsonSerializer.SerializeToUtf8Bytes(n), default);
                await Saga.Registry.Settings.TenantSettingRows.WriteSealedAsync(transaction, tenant.Id, "written", envelope, keep: false, default);
                await transaction.CommitAsync(default);
            }
        });

        for (var turn = 0; turn < 15; turn++)
        {
            await registry.ExecuteAsync("delete from credential_rotations");
            await RotateAsync();
        }

        await stop.CancelAsync();
        (await Task.WhenAll(readers)).Sum().ShouldBeGreaterThan(0);
        await writer;
        (await host.Get<TenantSettings>().FindAsync(tenant.Id, "written", default)).ShouldNotBeNull();
    }

    private async Task RotateAsync() => await host.Step(StepNames.SwitchCredentials).ExecuteAsync(await tenant.BeginAsync(StepNames.SwitchCredentials), default);

    private async Task<SeededTenant> TenantAsync(string slug)
    {
        var made = await Seed.TenantAsync(registry, slug, plan: "basic", tier: IsolationTier.Row, status: TenantStatus.Active);
        await registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new { made.OperationId, Input = JsonSerializer.Serialize(new RotateCredentials { TenantId = made.Id, What = ["tenantKey"] }, Saga.Contracts.Json.Options) });
        var context = await made.BeginAsync(StepNames.Configuration);
        await host.Step(StepNames.Configuration).ExecuteAsync(context, default);
        await using var transaction = await host.Get<Saga.Registry.Leases.LeasedTransactions>().BeginAsync(context.Lease, default);
        await host.Get<CredentialStore>().SaveAsync(transaction, CredentialKey.Of(made.Id, CredentialPurposes.Cache), "user", "pass", default);
        await transaction.CommitAsync(default);
        return made;
    }

    private async Task<string?> SecretAsync() => (await host.Get<TenantSettings>().FindAsync(tenant.Id, Secret, default))!.Value.GetString();

    private async Task<string> PasswordAsync() => (await host.Get<TenantCredentials>().FindAsync(tenant.Id, CredentialPurposes.Cache, default))!.Password;

    private async Task<IReadOnlyList<string>> KeysAsync() => await ListAsync(
        "select encode(wrapped, 'hex') from tenant_keys where tenant_id = @Value union all select encode(wrapped, 'hex') from tenant_runtime_keys where tenant_id = @Value");

    private async Task<IReadOnlyList<string>> SealedAsync() => await ListAsync(
        "select encode(sealed, 'hex') from tenant_settings where tenant_id = @Value and sealed is not null union all select encode(sealed, 'hex') from tenant_credentials where tenant_id = @Value");

    private async Task<IReadOnlyList<string>> ListAsync(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>(sql, new { tenant.Id.Value })];
    }
}
