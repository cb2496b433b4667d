using Npgsql;
using Saga.Contracts.Commands;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>Two commands about a tenant that are decided at the same moment: both wait for the tenant's row, which a third session holds until then.</summary>
public sealed class When_two_commands_are_posted_at_once(SharedApi shared) : CommandTest(shared), IClassFixture<SharedApi>
{
    public static TheoryData<string> Commands => [.. Posted.Keys];

    public static TheoryData<string> BesideSuspensions => [.. Posted.Keys.Where(c => c != nameof(SuspendTenant))];

    [Theory, MemberData(nameof(Commands))]
    public async Task Should_accept_the_same_one_once(string command)
    {
        var tenant = await TenantOfAsync(command);

        var answers = await TogetherAsync(tenant, command, command);

        // Who takes back or removes twice has it done once: the second operation waits, and finds nothing to do.
        answers.ShouldBe(command is nameof(LinkDomains) or nameof(CancelDeprovisioning) ? ["202", "202 waits"] : ["202", Refusal(command)], ignoreOrder: true);
        await ShouldBeConsistentAsync(tenant, answers);
        var holds = command switch { nameof(SuspendTenant) => "limitExceeded nonPayment", nameof(DeprovisionTenant) or nameof(CancelDeprovisioning) => "deletion limitExceeded", _ => "limitExceeded" };
        (await HoldsAsync(tenant)).ShouldBe(holds);
        (await Server.QueryAsync<long>($"select count(*) from scheduled_commands s join tenants t on t.id = s.tenant_id where slug = '{tenant}' and s.state = 'scheduled'"))
            .ShouldBe(command == nameof(DeprovisionTenant) ? 1 : 0);
    }

    [Theory, MemberData(nameof(BesideSuspensions))]
    public async Task Should_take_a_suspension_beside_any_other(string command)
    {
        var tenant = await TenantOfAsync(command);

        var answers = await TogetherAsync(tenant, nameof(SuspendTenant), command);

        answers[0].ShouldStartWith("202");
        answers[1].ShouldBeOneOf("202", "202 waits", "409 operation-active", "409 tenant-state", "412 version-stale");
        await ShouldBeConsistentAsync(tenant, answers);
        (await HoldsAsync(tenant)).ShouldContain("nonPayment");
        // What was accepted before the suspension, and can be cancelled, is.
        var cancelled = await Server.QueryAsync<long>(
            $"select count(*) from audit a join operations o on o.id = a.operation_id join tenants t on t.id = o.tenant_id where slug = '{tenant}' and a.action = 'operation.cancel' and o.kind <> 'suspend'");
        cancelled.ShouldBe(answers is ["202 waits", "202"] && command is not (nameof(DeprovisionTenant)) ? 1 : 0, string.Join(", ", answers));
    }

    private static string Refusal(string command) => command switch
    {
        nameof(SuspendTenant) => "409 already-suspended",
        nameof(DeprovisionTenant) => "409 already-deprovisioning",
        // What it was based on is not what is there any more.
        nameof(UpdateTenant) => "412 version-stale",
        _ => "409 operation-active",
    };

    private async Task<string[]> TogetherAsync(string tenant, params string[] commands)
    {
        Task<HttpResponseMessage>[] sent;
        await using (var connection = await Server.Registry.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using (var held = new NpgsqlCommand($"select from tenants where slug = '{tenant}' for no key update", connection, transaction))
                await held.ExecuteNonQueryAsync();
            sent = [.. commands.Select(c => SendAsync(c, tenant))];
            await Until.TrueAsync(
                async () => await Server.QueryAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == commands.Length,
                "both commands wait for the tenant's row");
        }

        var answers = new List<string>();
        foreach (var response in await Task.WhenAll(sent))
        {
            using (response)
            {
                var body = await ApiServer.JsonAsync(response);
                answers.Add((int)response.StatusCode == 202
                    ? body.TryGetProperty("waitsFor", out _) ? "202 waits" : "202"
                    : $"{(int)response.StatusCode} {body.GetProperty("type").GetString()!.Split(':')[^1]}");
            }
        }

        return [.. answers];
    }

    // One operation for each that was accepted: one has the tenant's scope, and the others wait for it.
    private async Task ShouldBeConsistentAsync(string tenant, string[] answers)
    {
        var accepted = answers.Count(a => a.StartsWith("202", StringComparison.Ordinal));
        (await Server.QueryAsync<string>(
            $"""
            select concat_ws(' ', count(*), count(s.operation_id), count(w.operation_id))
            from operations o join tenants t on t.id = o.tenant_id left join operation_scopes s on s.operation_id = o.id left join operation_scope_waits w on w.operation_id = o.id
            where slug = '{tenant}' and o.finished_at is null
            """)).ShouldBe(FormattableString.Invariant($"{accepted} 1 {accepted - 1}"));
    }

    private Task<string> HoldsAsync(string tenant) =>
        Server.QueryAsync<string>($"select coalesce(string_agg(code, ' ' order by code), '') from holds h join tenants t on t.id = h.tenant_id where slug = '{tenant}'");
}
