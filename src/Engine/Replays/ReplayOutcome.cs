using System.Text.Json.Serialization;
using Saga.Engine.Operations;

namespace Saga.Engine.Replays;

/// <summary>How far a replay has come, and what was seen of its effect.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplayStage>))]
public enum ReplayStage
{
    /// <summary>The order is accepted, and the operation has not carried it out yet.</summary>
    [JsonStringEnumMemberName("requested")] Requested,

    /// <summary>The operation is under way, or has ended as ordered and is still to be looked at.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>It ended as ordered, and what is outside was seen to be as the registry says.</summary>
    [JsonStringEnumMemberName("verified")] Verified,

    /// <summary>It ended as ordered, and what is outside is not as the registry says.</summary>
    [JsonStringEnumMemberName("contradicted")] Contradicted,

    /// <summary>It stalled again, or ended otherwise than ordered.</summary>
    [JsonStringEnumMemberName("failedAgain")] FailedAgain,

    /// <summary>The operation had changed before the order reached it, so nothing was done.</summary>
    [JsonStringEnumMemberName("refused")] Refused,

    /// <summary>It ended as ordered, and nobody could see whether that is true.</summary>
    [JsonStringEnumMemberName("unverified")] Unverified,
}

/// <summary>What is known of a replay.</summary>
public sealed record ReplayFacts
{
    /// <summary>The operation's state; null for one that this version does not know.</summary>
    public required OperationState? State { get; init; }

    /// <summary>Whether the operation ends undone if the replay succeeds.</summary>
    public required bool ExpectsUndone { get; init; }

    /// <summary>Whether the operation goes on, or went on, as ordered.</summary>
    public required bool CarriedOut { get; init; }

    /// <summary>Whether the operation refused the order.</summary>
    public bool WasRefused { get; init; }

    /// <summary>What was seen of it; null when nobody has looked yet.</summary>
    public ReplayStage? Seen { get; init; }
}

/// <summary>What a scan saw of a replay's effect.</summary>
/// <param name="Scan">The state of the scan's operation.</param>
/// <param name="Differences">Open differences of the tenant among the resources that the operation is about, seen since the scan began.</param>
/// <param name="Unread">How many servers or databases it could not read.</param>
/// <param name="IsDisturbed">Whether another operation of the tenant was under way meanwhile, so that the scan left the tenant alone.</param>
/// <param name="HasBegun">Whether the scan has begun. One that waited too long for its turn never does.</param>
/// <param name="Looks">How many scans have looked, with this one.</param>
public sealed record ReplayLook(OperationState? Scan, long Differences, long Unread, bool IsDisturbed, bool HasBegun = true, int Looks = 1);

/// <summary>Decides how far a replay has come. Pure.</summary>
public static class ReplayOutcome
{
    /// <summary>The most scans that look at one replay.</summary>
    public const int MostLooks = 5;

    /// <summary>Whether another scan may see what this one could not.</summary>
    public static bool LooksAgain(ReplayLook look) => look.Looks < MostLooks && look.Differences == 0 && (look.IsDisturbed || !look.HasBegun);

    public static ReplayStage StageOf(ReplayFacts facts) => facts.State switch
    {
        _ when facts.WasRefused => ReplayStage.Refused,
        OperationState.Completed or OperationState.Compensated or OperationState.Cancelled => facts.State != OperationState.Completed == facts.ExpectsUndone
            ? facts.Seen ?? ReplayStage.Running
            : ReplayStage.FailedAgain,
        OperationState.Stalled when facts.CarriedOut => ReplayStage.FailedAgain,
        _ => facts.CarriedOut ? ReplayStage.Running : ReplayStage.Requested,
    };

    /// <summary>What a scan that has ended says.</summary>
    /// <returns>The stage, and why in a whole sentence.</returns>
    public static (ReplayStage Stage, string Why) Judge(ReplayLook look) => look switch
    {
        // What was seen to be wrong is wrong, whatever else was not seen.
        { Differences: > 0 and var differences } => (ReplayStage.Contradicted, differences == 1
            ? "One thing outside is not as the registry says."
            : $"{differences.ToString(System.Globalization.CultureInfo.InvariantCulture)} things outside are not as the registry says."),
        { HasBegun: false } => (ReplayStage.Unverified, "The scan that should have looked never began."),
        { Scan: not OperationState.Completed } => (ReplayStage.Unverified, "The scan that should have looked did not complete."),
        { IsDisturbed: true } => (ReplayStage.Unverified, "Another operation of the tenant was under way while the scan looked, so the scan left the tenant alone."),
        { Unread: > 0 } => (ReplayStage.Unverified, "The scan could not read everything; its steps say what and why."),
        _ => (ReplayStage.Verified, "What is outside is as the registry says."),
    };
}
