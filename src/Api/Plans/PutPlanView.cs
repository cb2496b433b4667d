namespace Saga.Api.Plans;

/// <summary>What a written version changed.</summary>
public sealed record PutPlanView
{
    /// <summary>The version that is current now.</summary>
    public required PlanView Plan { get; init; }

    /// <summary>Whether it is a new version; false when the same definition was current already.</summary>
    public required bool Changed { get; init; }

    /// <summary>How many tenants are migrated to it: GET /api/v1/scheduled?kind=migrate shows what comes of each.</summary>
    public required int Scheduled { get; init; }
}
