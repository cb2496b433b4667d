using Dapper;
using Npgsql;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tenancy.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Sealing;

public sealed class When_a_secret_is_sealed : IAsyncLifetime
{
    private static readonly byte[] Secret = "a secret"u8.ToArray();
    private NpgsqlDataSource registry = null!;
    private SeededTenant acme = null!;
    private SeededTenant other = null!;
    private TenantSealer sealer = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        acme = await Seed.TenantAsync(registry, "acme");
        other = await Seed.TenantAsync(registry, "other");
        sealer = SealingFixture.Sealer(registry, "k1", ("k1", SealingFixture.First));
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_open_for_the_same_tenant_and_purpose()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);

        (await sealer.OpenAsync(acme.Id, "p", envelope, default)).ShouldBe(Secret);
    }

    [Fact]
    public async Task Should_never_seal_alike_twice()
    {
        var one = await sealer.SealAsync(acme.Id, "p", Secret, default);
        var two = await sealer.SealAsync(acme.Id, "p", Secret, default);

        one.ShouldNotBe(two);
    }

    [Fact]
    public async Task Should_not_open_for_another_purpose()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);

        var error = await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(acme.Id, "q", envelope, default));
        error.Message.ShouldContain("another purpose");
    }

    [Fact]
    public async Task Should_not_open_for_another_tenant()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);
        await sealer.SealAsync(other.Id, "p", Secret, default);

        await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(other.Id, "p", envelope, default));
    }

    [Fact]
    public async Task Should_not_open_another_tenants_key_row()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);
        await sealer.SealAsync(other.Id, "p", Secret, default);
        await ExecuteAsync($"update tenant_keys set wrapped = (select wrapped from tenant_keys where tenant_id = '{acme.Id}') where tenant_id = '{other.Id}'");

        var error = await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(other.Id, "p", envelope, default));
        error.Message.ShouldContain("was changed");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(25)]
    [InlineData(-1)]
    public async Task Should_not_open_when_a_byte_changed(int index)
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);
        envelope[index < 0 ? ^1 : index] ^= 1;

        await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(acme.Id, "p", envelope, default));
    }

    [Fact]
    public async Task Should_not_open_what_is_too_short()
    {
        await sealer.SealAsync(acme.Id, "p", Secret, default);

        await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(acme.Id, "p", new byte[3], default));
    }

    [Fact]
    public async Task Should_make_one_key_when_many_seal_first()
    {
        var envelopes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => sealer.SealAsync(acme.Id, "p", Secret, default)));

        foreach (var envelope in envelopes)
            (await sealer.OpenAsync(acme.Id, "p", envelope, default)).ShouldBe(Secret);
    }

    [Fact]
    public async Task Should_say_that_the_master_key_is_missing()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);
        var later = SealingFixture.Sealer(registry, "k2", ("k2", SealingFixture.Second));

        var error = await Should.ThrowAsync<SealingException>(() => later.OpenAsync(acme.Id, "p", envelope, default));
        error.Message.ShouldContain("Saga:Sealing:MasterKeys:k1");
    }

    [Fact]
    public async Task Should_say_that_the_master_key_is_wrong()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);
        var wrong = SealingFixture.Sealer(registry, "k1", ("k1", SealingFixture.Second));

        var error = await Should.ThrowAsync<SealingException>(() => wrong.OpenAsync(acme.Id, "p", envelope, default));
        error.Message.ShouldContain("is not the master key that wrapped");
    }

    [Fact]
    public async Task Should_open_by_the_new_master_key_alone_after_rotation()
    {
        var one = await sealer.SealAsync(acme.Id, "p", Secret, default);
        var two = await sealer.SealAsync(other.Id, "p", Secret, default);
        var both = SealingFixture.Sealer(registry, "k2", ("k1", SealingFixture.First), ("k2", SealingFixture.Second));

        (await both.OpenAsync(acme.Id, "p", one, default)).ShouldBe(Secret);
        (await SealingFixture.RewrapAsync(registry, both)).ShouldBe(2);
        (await SealingFixture.RewrapAsync(registry, both)).ShouldBe(0);

        var later = SealingFixture.Sealer(registry, "k2", ("k2", SealingFixture.Second));
        (await later.OpenAsync(acme.Id, "p", one, default)).ShouldBe(Secret);
        (await later.OpenAsync(other.Id, "p", two, default)).ShouldBe(Secret);
    }

    [Fact]
    public async Task Should_be_lost_when_the_key_is_destroyed()
    {
        var envelope = await sealer.SealAsync(acme.Id, "p", Secret, default);
        var context = await acme.BeginAsync("reserve");
        await using (var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default))
        {
            await TenantSealer.DestroyAsync(transaction, acme.Id, default);
            await transaction.CommitAsync(default);
        }

        await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(acme.Id, "p", envelope, default));
        await sealer.SealAsync(acme.Id, "p", Secret, default);
        var error = await Should.ThrowAsync<SealingException>(() => sealer.OpenAsync(acme.Id, "p", envelope, default));
        error.Message.ShouldContain("created again");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
