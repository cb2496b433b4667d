using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>docs/states.md says of every state in the registry whether it lasts, what ends it otherwise, and how to get out of it.</summary>
public sealed partial class When_a_state_is_stored
{
    private static readonly string Root = Here();

    private sealed record Row(string Column, string State, string Kind, string Until, string WayOut);

    [Fact]
    public void Should_be_on_the_page()
    {
        var stored = OperationStateNames.All.Select(s => $"operations.state {s}").Concat(Constraints().SelectMany(c => c.Value.Select(v => $"{c.Key} {v}")));

        Rows().Select(r => $"{r.Column} {r.State}").ShouldBe(stored, ignoreOrder: true);
    }

    [Fact]
    public void Should_say_what_ends_it_when_it_passes()
    {
        Rows().ShouldAllBe(r => r.Kind == "lasts" || r.Kind == "passes");
        Rows().Where(r => r.Kind == "passes" && r.Until.Length == 0).ShouldBeEmpty();
        // Only of a backup of the registry itself nobody needs to be rid sooner.
        Rows().Where(r => r.Kind == "passes" && r.WayOut.Length == 0).Select(r => $"{r.Column} {r.State}").ShouldBe(["registry_backups.state completed"]);
    }

    [Fact]
    public void Should_name_endpoints_and_settings_that_exist()
    {
        var endpoints = File.ReadAllText(Path.Combine(Root, "docs", "roles.md"));
        var settings = File.ReadAllLines(Path.Combine(Root, "src", "Hosting", "Startup", "Settings.txt")).ToHashSet(StringComparer.Ordinal);
        var page = Page();

        Quoted().Matches(page).Select(m => m.Groups["text"].Value).Where(t => t.Contains("/api/v1", StringComparison.Ordinal) && !endpoints.Contains($"| `{t}` |", StringComparison.Ordinal)).ShouldBeEmpty();
        Quoted().Matches(page).Select(m => m.Groups["text"].Value).Where(t => t.StartsWith("Saga:", StringComparison.Ordinal) && !settings.Contains(t)).ShouldBeEmpty();
    }

    [Fact]
    public void Should_not_wait_without_a_limit()
    {
        var waits = CrashCoverage.All.SelectMany(c => c.Workflow.Steps.Where(s => s.Wait is not null && c.Workflow.CustomStepsVersion is null).Select(s => (c.Workflow.Kind, s.Wait)));

        waits.Where(w => w.Wait!.For != WaitKind.Time && w.Wait.AtMost is null).Select(w => w.Kind).ShouldBeEmpty();
    }

    // The columns named state or status with a list of values, as the last migration left them.
    private static Dictionary<string, string[]> Constraints()
    {
        var found = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(Path.Combine(Root, "src", "Registry", "Migrations"), "*.sql").Order(StringComparer.Ordinal))
        {
            var table = "";
            foreach (var line in File.ReadLines(file))
            {
                if (Table().Match(line) is { Success: true } named)
                    table = named.Groups["name"].Value;
                if (Check().Match(line) is { Success: true } check)
                    found[$"{table}.{check.Groups["column"].Value}"] = [.. Value().Matches(check.Groups["values"].Value).Select(m => m.Groups["value"].Value)];
            }
        }

        return found;
    }

    private static List<Row> Rows()
    {
        var rows = new List<Row>();
        foreach (Match match in Line().Matches(Page()))
        {
            var column = match.Groups["column"].Value.Trim().Trim('`');
            rows.Add(new(column.Length > 0 ? column : rows[^1].Column, match.Groups["state"].Value, match.Groups["kind"].Value.Trim(), match.Groups["until"].Value.Trim(), match.Groups["out"].Value.Trim()));
        }

        return rows;
    }

    private static string Page() => File.ReadAllText(Path.Combine(Root, "docs", "states.md"));

    private static string Here([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", "..", ".."));

    [GeneratedRegex(@"^(create|alter) table (?<name>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Table();

    [GeneratedRegex(@"check \((?<column>state|status) in \((?<values>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Check();

    [GeneratedRegex("'(?<value>[^']*)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Value();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\|(?<column>[^|]*)\| `(?<state>\w+)` \|(?<kind>[^|]*)\|(?<until>[^|]*)\|(?<out>[^|]*)\|$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Line();
}
