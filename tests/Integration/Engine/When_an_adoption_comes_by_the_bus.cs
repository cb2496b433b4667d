using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>An adoption of a place, or of rows that are copied, is the same over the bus as over HTTP.</summary>
public sealed class When_an_adoption_comes_by_the_bus
{
    private static readonly AdoptTenant Place = new() { Name = "Acme", Slug = "acme", Plan = "custom", AdminEmail = "ada@acme.com", Server = "old", Database = "shop", Schema = "public" };
    private static readonly AdoptTenant Rows = Place with { Isolation = "row", Users = new() { From = "list", Emails = ["bob@acme.com"] } };

    [Theory]
    [InlineData(false, "adoption.take", "schema")]
    [InlineData(true, "source.copy", "row")]
    public async Task Should_be_one_operation_of_its_kind_however_often_it_is_sent(bool copies, string step, string tier)
    {
        await using var registry = await RegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, []);
        var command = (copies ? Rows : Place) with { IdempotencyKey = "k1" };

        (await AskAsync(host, command)).Is(out Response<OperationAccepted>? first).ShouldBeTrue();
        (await AskAsync(host, command)).Is(out Response<OperationAccepted>? again).ShouldBeTrue();

        again!.Message.OperationId.ShouldBe(first!.Message.OperationId);
        (await registry.ScalarAsync<string>("select string_agg(kind || ' ' || requested_by, ' ') from operations")).ShouldStartWith("adopt ");
        (await registry.ScalarAsync<bool>($"select definition::text like '%{step}%' from workflows w join operations o on o.workflow_digest = w.digest")).ShouldBeTrue();
        (await registry.ScalarAsync<string>("select string_agg(tier, ' ') from tenants")).ShouldBe(tier);
        (await registry.ScalarAsync<string>("select scope from operation_scopes where scope like 'database:%'")).ShouldBe("database:old/shop");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_be_refused_with_the_field(bool copies)
    {
        await using var registry = await RegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, []);

        (await AskAsync(host, copies ? Rows with { Users = new() { From = "list", Emails = ["bob"] } } : Place with { Database = "saga_rows" })).Is(out Response<OperationRejected>? rejected).ShouldBeTrue();

        rejected!.Message.Errors.Select(e => e.Pointer).ShouldBe([copies ? "/users/emails/0" : "/database"]);
        (await registry.ScalarAsync<long>("select count(*) from operations")).ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_be_refused_for_the_place_of_a_tenant(bool copies)
    {
        await using var registry = await RegistryAsync();
        await Seed.TenantAsync(registry, "globex", tier: Contracts.Identifiers.IsolationTier.Schema, placement: new("old", "shop", "public"));
        await using var host = await EngineHost.StartAsync(registry, null, []);

        (await AskAsync(host, copies ? Rows : Place)).Is(out Response<OperationRejected>? rejected).ShouldBeTrue();

        (rejected!.Message.Code, rejected.Message.Errors.Single().Pointer).ShouldBe(("place-in-use", "/schema"));
        (await registry.ScalarAsync<long>("select count(*) from tenants")).ShouldBe(1);
    }

    private static async Task<Npgsql.NpgsqlDataSource> RegistryAsync()
    {
        var registry = await PostgresServer.NewRegistryAsync();
        await Seed.ServerAsync(registry, "old");
        return registry;
    }

    private static Task<Response<OperationAccepted, OperationRejected>> AskAsync(EngineHost host, AdoptTenant command)
    {
        var address = host.Services.GetRequiredService<BusAddresses>().Queue(Endpoints.Adoptions);
        var client = host.Services.GetRequiredService<IBus>().CreateRequestClient<AdoptTenant>(address, RequestTimeout.After(s: 30));
        return client.GetResponse<OperationAccepted, OperationRejected>(command);
    }
}
