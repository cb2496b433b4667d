namespace Saga.Registry.Plans;

/// <summary>Asks for a version of a plan.</summary>
public sealed record PlanWriteOrder
{
    /// <summary>The definition; its version is ignored.</summary>
    public required Plan Plan { get; init; }

    /// <summary>The version that must be current, so that nobody's change is lost; null to replace any.</summary>
    public int? Replaces { get; init; }

    public string? Note { get; init; }

    public required string Actor { get; init; }

    /// <summary>Whether the plan's tenants are migrated to the version, each by a scheduled command.</summary>
    public bool Apply { get; init; }

    /// <summary>The kind of that command, which takes <c>tenantId</c> and <c>targetPlan</c>.</summary>
    public required string ApplyKind { get; init; }

    /// <summary>How long each waits for a second person's approval; null when it needs none.</summary>
    public TimeSpan? ApprovedWithin { get; init; }

    /// <summary>Answers as if it were written, and writes nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What came of it.</summary>
public abstract record PlanWriteAnswer
{
    private PlanWriteAnswer()
    {
    }

    /// <param name="Plan">The current version now.</param>
    /// <param name="Added">Whether the plan is new.</param>
    /// <param name="Changed">Whether the version is new.</param>
    /// <param name="Scheduled">How many tenants are migrated to it.</param>
    public sealed record Written(Plan Plan, bool Added, bool Changed, int Scheduled) : PlanWriteAnswer;

    /// <param name="Current">The version that is current instead; 0 when there is no such plan.</param>
    public sealed record Stale(int Current) : PlanWriteAnswer;
}
