namespace Saga.Contracts.Commands;

/// <summary>
/// Removes backups of the registry whose time is over, with their keys. Retention sends it; sent to <see cref="Endpoints.RegistryBackupExpiries"/> by
/// somebody else it removes those that are named. The newest complete one is kept.
/// </summary>
public sealed record ExpireRegistryBackups
{
    /// <summary>1 to 1,000 complete backups of the registry. Those that are gone already are passed over.</summary>
    public required IReadOnlyList<Guid> Backups { get; init; }

    public string? IdempotencyKey { get; init; }
}
