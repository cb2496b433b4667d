using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Saga.Engine.Waits;
using Saga.Registry.Audit;
using Saga.Registry.Batches;
using Saga.Registry.Schedule;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>Reads the source, because the registry takes any text for an action.</summary>
public sealed partial class When_the_audit_names_actions
{
    // A command's plan chooses its action: Should_take_the_actions_of_commands_from_the_constants.
    private const string OfPlan = "acceptance.AuditAction";

    // The answer to a wait chooses its action: Should_take_the_actions_of_answers_from_the_constants.
    private const string OfAnswer = "AuditActions.OfWait(answer.Kind)";

    // An order for a scheduled command chooses its action: Should_take_the_actions_of_answers_from_the_constants.
    private const string OfOrder = "AuditActions.OfOrder(order)";

    // An order for a batch chooses its action: Should_take_the_actions_of_answers_from_the_constants.
    private const string OfBatch = "AuditActions.OfBatch(order)";

    private static IReadOnlyList<FieldInfo> Actions { get; } = typeof(AuditActions).GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static);

    public static TheoryData<string> Statements => [.. Files().SelectMany(f => InsertInto().Matches(f.Text).Select(m => $"{f.Name}:{Line(f.Text, m.Index)}"))];

    [Fact]
    public void Should_have_constants_that_are_named_like_their_actions()
    {
        Actions.ShouldNotBeEmpty();
        Actions.ShouldAllBe(a => a.IsLiteral);
        Actions.Select(a => (string)a.GetRawConstantValue()!).ShouldBe(Actions.Select(a => Form().Replace(a.Name, m =>
            char.ToLowerInvariant(m.Groups["thing"].Value[0]) + m.Groups["thing"].Value[1..] + "." + m.Groups["verb"].Value.ToLowerInvariant())));
    }

    [Theory]
    [MemberData(nameof(Statements))]
    public void Should_write_nothing_but_constants(string statement)
    {
        var (name, line) = (statement.Split(':')[0], int.Parse(statement.Split(':')[1], CultureInfo.InvariantCulture));
        var text = Files().Single(f => f.Name == name).Text;
        var insert = InsertInto().Matches(text).Single(m => Line(text, m.Index) == line);
        var column = insert.Groups["columns"].Value.Split(',').Select(c => c.Trim()).ToList().IndexOf("action");

        var action = Expressions(text[(insert.Index + insert.Length)..]).ElementAt(column);
        if (action.StartsWith('$'))
        {
            // The arguments follow the statement, whose literal ends with the next quote.
            var arguments = text.IndexOf(',', text.IndexOf('"', insert.Index)) + 1;
            action = Expressions(text[arguments..]).ElementAt(int.Parse(action[1..], CultureInfo.InvariantCulture) - 1);
            (Constant().IsMatch(action) || action is OfPlan or OfAnswer or OfOrder or OfBatch).ShouldBeTrue($"The action is {action}.");
        }
        else
        {
            // Of AuditLog, whose callers are read below.
            (Interpolated().IsMatch(action) || (action == "@action" && name == "AuditLog.cs")).ShouldBeTrue($"The action is {action}.");
        }
    }

    [Theory]
    [MemberData(nameof(Statements))]
    public void Should_say_from_where(string statement)
    {
        var (name, line) = (statement.Split(':')[0], int.Parse(statement.Split(':')[1], CultureInfo.InvariantCulture));
        var text = Files().Single(f => f.Name == name).Text;

        InsertInto().Matches(text).Single(m => Line(text, m.Index) == line).Groups["columns"].Value.Split(',').Select(c => c.Trim()).ShouldContain("origin");
    }

    [Fact]
    public void Should_give_steps_nothing_but_constants()
    {
        var calls = Files().Where(f => f.Name != "AuditLog.cs").SelectMany(f => Written().Matches(f.Text)).Select(m => m.Groups["action"].Value).ToList();
        calls.ShouldNotBeEmpty();
        calls.ShouldAllBe(action => Constant().IsMatch(action));
    }

    [Fact]
    public void Should_take_the_actions_of_commands_from_the_constants()
    {
        var plans = Files().SelectMany(f => OfPlans().Matches(f.Text)).Select(m => m.Groups["action"].Value).ToList();
        plans.ShouldNotBeEmpty();
        plans.ShouldAllBe(action => Constant().IsMatch(action) || action == "plan.AuditAction");
    }

    [Fact]
    public void Should_take_the_actions_of_answers_from_the_constants()
    {
        var actions = Enum.GetValues<WaitAnswerKind>().Select(AuditActions.OfWait).Concat(Enum.GetValues<ScheduleOrder>().Select(AuditActions.OfOrder)).Concat(Enum.GetValues<BatchOrder>().Select(AuditActions.OfBatch)).ToList();
        actions.ShouldBeUnique();
        actions.ShouldBeSubsetOf(Actions.Select(a => (string)a.GetRawConstantValue()!));
    }

    private static IEnumerable<(string Name, string Text)> Files() =>
        Directory.GetFiles(Sources(), "*.*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".cs" or ".sql" && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(f => (Path.GetFileName(f), File.ReadAllText(f)));

    private static int Line(string text, int index) => text.AsSpan(0, index).Count('\n') + 1;

    // Splits at commas that are not inside parentheses, braces or quotes.
    private static IEnumerable<string> Expressions(string text)
    {
        var (depth, start, quoted) = (0, 0, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'')
                quoted = !quoted;
            else if (!quoted && text[i] is '(' or '{')
                depth++;
            else if (!quoted && text[i] is ')' or '}')
                depth--;
            if ((text[i] == ',' && depth == 0 && !quoted) || depth < 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }

            if (depth < 0)
                yield break;
        }
    }

    private static string Sources([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src"));

    [GeneratedRegex(@"\A(?<thing>[A-Z][A-Za-z]*)(?<verb>[A-Z][a-z]+)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();

    [GeneratedRegex(@"\binsert\s+into\s+audit\s*\((?<columns>[^)]*)\)\s*(values\s*\(|select\s)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InsertInto();

    [GeneratedRegex(@"\AAuditActions\.[A-Za-z]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Constant();

    [GeneratedRegex(@"\A'\{AuditActions\.[A-Za-z]+\}'\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Interpolated();

    [GeneratedRegex(@"\bAuditLog\.WriteAsync\(\s*\w+\s*,\s*(?<action>[^,]+?)\s*,", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Written();

    [GeneratedRegex(@"\bAuditAction\s*=>?\s*(?<action>[^,;]+?)\s*[,;]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OfPlans();
}
