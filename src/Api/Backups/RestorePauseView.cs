using Saga.Lifecycle.Restore;

namespace Saga.Api.Backups;

/// <summary>How long a restore is predicted to keep a tenant from its work.</summary>
public sealed record RestorePauseView
{
    /// <summary>The rows that are copied and kept, as the tenant's newest backup has counted them.</summary>
    public required long KeptRows { get; init; }

    /// <summary>The rows of the backup that replace them.</summary>
    public required long RestoredRows { get; init; }

    /// <summary>For how many seconds the tenant can only be read.</summary>
    public required long ReadOnlySeconds { get; init; }

    /// <summary>For how many seconds it is unavailable after that.</summary>
    public required long AwaySeconds { get; init; }

    public static RestorePauseView Of(RestorePause pause) => new()
    {
        KeptRows = pause.KeptRows, RestoredRows = pause.RestoredRows, ReadOnlySeconds = pause.ReadOnlySeconds, AwaySeconds = pause.AwaySeconds,
    };
}
