using System.Text.Json.Serialization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;

namespace Saga.Engine.Replays;

/// <summary>What a replay does to a step.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplayAction>))]
public enum ReplayAction
{
    /// <summary>It runs, at once or when what it comes after is done.</summary>
    [JsonStringEnumMemberName("runs")] Runs,

    /// <summary>It succeeded or was skipped before, and its output is used.</summary>
    [JsonStringEnumMemberName("reused")] Reused,

    /// <summary>It does not run, or is not undone, because the order says so.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

    /// <summary>Its compensation runs.</summary>
    [JsonStringEnumMemberName("undone")] Undone,

    /// <summary>Nothing happens to it: there is nothing to undo, or it is undone already.</summary>
    [JsonStringEnumMemberName("stays")] Stays,
}

/// <summary>What a replay does to one step.</summary>
/// <param name="Name">The step.</param>
/// <param name="Action">What happens to it.</param>
public sealed record ReplayedStep(string Name, ReplayAction Action);

/// <summary>Everything that a replay does. The preview shows it, and the operation carries it out.</summary>
public sealed record ReplayPlan
{
    public required Direction Direction { get; init; }

    /// <summary>The steps that are skipped, with the reasons and their outputs.</summary>
    public required IReadOnlyList<SkippedStep> Skipped { get; init; }

    /// <summary>The tenant's status that follows from what the order states; null when it states nothing.</summary>
    public TenantStatus? Follows { get; init; }

    /// <summary>In the workflow's order.</summary>
    public required IReadOnlyList<ReplayedStep> Steps { get; init; }

    /// <summary>What the operator should know before, as whole sentences.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>
    /// SHA-256 of the order, of the plan and of the steps' states, in hexadecimal. The same digest later means that the same would
    /// happen.
    /// </summary>
    public required string Digest { get; init; }

    public ReplayAction this[string step] => Steps.First(s => s.Name == step).Action;
}

/// <summary>The answer to an order.</summary>
public abstract record ReplayAnswer
{
    private ReplayAnswer()
    {
    }

    /// <summary>The order can be carried out.</summary>
    public sealed record Planned(ReplayPlan Plan) : ReplayAnswer;

    /// <summary>The operation's state does not allow it.</summary>
    /// <param name="Why">Whole sentences for the operator.</param>
    public sealed record Refused(string Why) : ReplayAnswer;

    /// <summary>The order breaks rules.</summary>
    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : ReplayAnswer;
}
