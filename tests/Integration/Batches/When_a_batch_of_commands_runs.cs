using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Batches;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Batches;

public sealed class When_a_batch_of_commands_runs : BatchTest
{
    [Fact]
    public async Task Should_give_the_command_to_each_tenant_as_its_part()
    {
        await using var host = await StartAsync(works: false);
        foreach (var slug in new[] { "acme", "bolt", "crux", "dune" })
            await TenantAsync(slug, slug == "dune" ? "premium" : "basic", "active");
        await TenantAsync("gone", "basic", "deprovisioned");
        // A suspension of it stands, so the same one is refused.
        await Registry.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'maintenance', 'noGrowth', 'ada', 'Earlier.' from tenants where slug = 'bolt'");
        var prepared = await host.Services.GetRequiredService<BatchPreparation>().PrepareAsync(
            new PrepareCommands
            {
                Action = "suspend", Input = JsonSerializer.SerializeToElement(new { reason = "Maintenance.", code = "maintenance" }), Selector = new() { Plan = "basic" },
                Wave = new() { First = 10 }, StopAtFailureRatio = 1, Reason = "The database is upgraded.",
            },
            Caller.OfToken("ada", isAdministrator: true), "once", TestContext.Current.CancellationToken);
        var batch = prepared.ShouldBeOfType<BatchPrepared.As>().Id;

        var operation = await RunAsync(host, batch);

        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state in ('running', 'refused')") == 3, "all have begun");
        (await Registry.ScalarAsync<string>(
            "select string_agg(t.slug || ' ' || o.kind || ' ' || o.priority || ' ' || o.requested_by, ', ' order by t.slug) from operations o join tenants t on t.id = o.tenant_id where o.parent_id = @operation",
            new { operation })).ShouldBe($"acme suspend batch batch:{batch:d}, crux suspend batch batch:{batch:d}");
        (await Registry.ScalarAsync<string>("select failure ->> 'code' from batch_items where state = 'refused'")).ShouldBe("already-suspended");
        (await Registry.ScalarAsync<long>("select count(*) from holds where code = 'maintenance'")).ShouldBe(3);

        // No worker runs here: their ends are written as the engine does.
        await Registry.ExecuteAsync("update operations set state = 'completed', finished_at = now() where parent_id is not null");
        Counts(await UntilAsync(host, batch, BatchState.Completed)).ShouldBe("2 Succeeded, 1 Refused");
        (await host.EndAsync(operation)).ShouldBe(Saga.Engine.Operations.OperationState.Completed);
    }

    [Fact]
    public async Task Should_count_a_tenant_that_could_not_get_it_as_failed()
    {
        await using var host = await StartAsync(works: false);
        await TenantAsync("acme", "basic", "active");
        var batch = (await host.Services.GetRequiredService<BatchPreparation>().PrepareAsync(
            new PrepareCommands { Action = "verify", Tenants = ["acme"], Reason = "After the upgrade." },
            Caller.OfToken("ada", isAdministrator: true), null, TestContext.Current.CancellationToken)).ShouldBeOfType<BatchPrepared.As>().Id;
        await RunAsync(host, batch);
        await Until.TrueAsync(async () => await Registry.ScalarAsync<long>("select count(*) from batch_items where state = 'running'") == 1, "it has begun");
        await Registry.ExecuteAsync("""update operations set state = 'compensated', finished_at = now(), failure = '{"code": "verify-database", "message": "It is broken."}' where parent_id is not null""");

        Counts(await UntilAsync(host, batch, BatchState.Completed)).ShouldBe("1 Failed");

        (await Store(host).ListItemsAsync(batch, null, null, null, 10, TestContext.Current.CancellationToken)).Items.Single().Failure!.Code.ShouldBe("verify-database");
    }

    private Task TenantAsync(string slug, string plan, string status) => Registry.ExecuteAsync(
        """
        insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email)
        values (gen_random_uuid(), @slug, @slug, @plan, 'row', @status, @slug, 'UTC', 'admin@example.com')
        """,
        new { slug, plan, status });
}
