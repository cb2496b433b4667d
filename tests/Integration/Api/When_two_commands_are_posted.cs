using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>Every two commands that people post about a tenant in use, while nothing runs the first one. Those that wait for it are left out.</summary>
public sealed class When_two_commands_are_posted(SharedApi shared) : CommandTest(shared), IClassFixture<SharedApi>
{
    private const string Leaving = "everything is removed at";

    private static readonly string[] Tried = [.. Posted.Keys.Except([nameof(ExpireBackups), nameof(LinkDomains)])];

    public static TheoryData<string> Commands => [.. Tried];

    [Fact]
    public void Should_be_tried_with_every_command_of_the_catalogue() =>
        Server.App.Services.GetRequiredService<CommandCatalogue>().Entries.Select(e => e.Command.Name).ShouldBe(
            // A batch is run, and nothing else is in its way.
            [.. Posted.Keys, .. OfNoTenant, .. OfTheSystem, nameof(RunBatch)], ignoreOrder: true);

    [Theory, MemberData(nameof(Commands))]
    public async Task Should_refuse_the_second_and_name_what_is_in_the_way(string first)
    {
        var tenant = await TenantOfAsync(first);
        var operation = await AcceptedAsync(first, tenant);
        var before = await RowsAsync();
        string[] refused = [.. Tried.Where(second => !IsTaken(first, second))];

        var answers = new List<string>();
        foreach (var second in refused)
        {
            using var response = await SendAsync(second, tenant);
            answers.Add($"{second} {await SeenAsync(response, operation)}");
        }

        answers.ShouldBe(refused.Select(second => $"{second} {Refusal(first, second)}"));
        (await RowsAsync()).ShouldBe(before);
    }

    [Theory, MemberData(nameof(Commands))]
    public async Task Should_take_a_suspension_and_a_deprovisioning_whatever_is_in_the_way(string first)
    {
        foreach (var second in Tried.Where(second => IsTaken(first, second)))
        {
            var tenant = await TenantOfAsync(first);
            var operation = await AcceptedAsync(first, tenant);

            using var response = await SendAsync(second, tenant);

            ((int)response.StatusCode).ShouldBe(202, second + await response.Content.ReadAsStringAsync());
            (await ApiServer.JsonAsync(response)).GetProperty("waitsFor").GetProperty("operation").GetString().ShouldBe(operation, second);
            var hold = second == nameof(SuspendTenant) ? "nonPayment" : "deletion";
            (await Server.QueryAsync<long>($"select count(*) from holds h join tenants t on t.id = h.tenant_id where slug = '{tenant}' and code = '{hold}' and effect = 'closed'"))
                .ShouldBe(1, $"{second} sets it at once, and only an operation lifts it");
            (await Server.QueryAsync<bool>($"select exists (select from audit where action = 'operation.cancel' and '{operation}' like '%' || operation_id)"))
                .ShouldBe(second != nameof(CancelDeprovisioning) && first is not (nameof(SuspendTenant) or nameof(DeprovisionTenant)), $"{second} cancels what may be cancelled");
        }
    }

    private static bool IsTaken(string first, string second) => second switch
    {
        nameof(SuspendTenant) or nameof(DeprovisionTenant) => second != first,
        nameof(CancelDeprovisioning) => IsLeaving(first),
        _ => false,
    };

    private static string Refusal(string first, string second) => (first, second) switch
    {
        (_, nameof(CancelDeprovisioning)) => "409 not-deprovisioning",
        (nameof(SuspendTenant), nameof(SuspendTenant)) => "409 already-suspended hold",
        (nameof(DeprovisionTenant), nameof(DeprovisionTenant)) => "409 already-deprovisioning hold operation",
        // These would have to sign in.
        (nameof(SuspendTenant), nameof(MigrateTenant) or nameof(RevertMove) or nameof(ExportTenant) or nameof(VerifyTenant) or nameof(RotateCredentials)) => "409 tenant-state hold",
        (_, not (nameof(ReactivateTenant) or nameof(RestoreTenant))) when IsLeaving(first) => "409 tenant-state hold",
        _ => "409 operation-active operation",
    };

    private static bool IsLeaving(string first) => first is nameof(DeprovisionTenant) or nameof(CancelDeprovisioning);

    // The status, the code, and whether the detail names the hold and the problem the operation.
    private static async Task<string> SeenAsync(HttpResponseMessage response, string operation)
    {
        if ((int)response.StatusCode != 409)
            return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
        var problem = await ApiServer.JsonAsync(response);
        var detail = problem.GetProperty("detail").GetString()!;
        var seen = "409 " + problem.GetProperty("type").GetString()!.Split(':')[^1];
        if (detail.Contains(Unpaid, StringComparison.Ordinal) || detail.Contains(Leaving, StringComparison.Ordinal))
            seen += " hold";
        return problem.TryGetProperty("operation", out var named) && named.GetString() == operation ? seen + " operation" : seen;
    }
}
