using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>Every command that people post about a tenant, over HTTP, against every state of the tenant. The answers are those of docs/commands-by-state.md.</summary>
public sealed class When_a_command_meets_a_state(SharedApi shared) : CommandTest(shared), IClassFixture<SharedApi>
{
    // How the page's columns come about.
    private static readonly Dictionary<string, string> States = new(StringComparer.Ordinal)
    {
        ["provisioning"] = "update tenants set status = 'provisioning' where slug = '{slug}'",
        ["active"] = "",
        ["over a limit"] = Hold("limitExceeded", "noGrowth"),
        ["suspended"] = Hold("nonPayment", "closed"),
        ["moving"] = Hold("move", "readOnly"),
        ["restoring"] = Hold("restore", "away"),
        ["deprovisioning"] = "",
        ["failed"] = "update tenants set status = 'failed' where slug = '{slug}'",
        ["deprovisioned"] = "update tenants set status = 'deprovisioned' where slug = '{slug}'",
    };

    private static readonly string[][] Page = [.. File.ReadAllLines(PathOfPage()).Where(l => l.StartsWith('|')).Select(l => l.Trim('|').Split('|', StringSplitOptions.TrimEntries))];

    public static TheoryData<string> Columns => [.. Page[0].Skip(1)];

    [Fact]
    public void Should_be_tried_in_every_state() => States.Keys.ShouldBe(Page[0].Skip(1));

    [Theory, MemberData(nameof(Columns))]
    public async Task Should_be_answered_as_the_documentation_says(string state)
    {
        var catalogue = Server.App.Services.GetRequiredService<CommandCatalogue>();
        var column = Array.IndexOf(Page[0], state);
        var (answers, expected) = (new List<string>(), new List<string>());
        foreach (var command in Posted.Keys)
        {
            var rows = Page.Where(r => r[0].Split('`').ElementAtOrDefault(1) == catalogue.Entries.Single(e => e.Command.Name == command).Kind).ToList();
            rows.ShouldNotBeEmpty(command);
            foreach (var row in rows)
            {
                var tenant = await TenantAsync(States[state], leaving: state == "deprovisioning");
                using var response = await SendAsync(command, tenant, change: body => ChangeOf(command, row[0])(body));
                answers.Add($"{row[0]}: {await SeenAsync(response)}");
                expected.Add($"{row[0]}: {(row[column] == "yes" ? "202" : $"{StatusOf(row[column].Trim('`'))} {row[column].Trim('`')}")}");
            }
        }

        answers.ShouldBe(expected);
    }

    // The page has another code for a suspension of a tenant that is suspended, and a row for each mode of a restore.
    private static Func<string, string> ChangeOf(string command, string row) => command switch
    {
        nameof(SuspendTenant) => body => body.Replace("nonPayment", "abuse", StringComparison.Ordinal),
        nameof(RestoreTenant) when row.Contains("replace", StringComparison.Ordinal) => body => body.Replace("beside", "replace", StringComparison.Ordinal),
        _ => body => body,
    };

    private static int StatusOf(string code) => Saga.Api.Problems.ProblemType.OfRejection(code).Status;

    private static async Task<string> SeenAsync(HttpResponseMessage response) => (int)response.StatusCode == 202
        ? "202"
        : $"{(int)response.StatusCode} {(await ApiServer.JsonAsync(response)).GetProperty("type").GetString()!.Split(':')[^1]}";

    private static string Hold(string code, string effect) => $$"""insert into holds (tenant_id, code, effect, actor, reason) select id, '{{code}}', '{{effect}}', 'ada', 'Why.' from tenants where slug = '{slug}'""";

    private static string PathOfPage([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "..", "docs", "commands-by-state.md"));
}
