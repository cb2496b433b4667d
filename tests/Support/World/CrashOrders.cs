using Saga.Contracts.Commands;

namespace Saga.Tests.Support.World;

/// <summary>The orders for a process that is going to crash.</summary>
public sealed record CrashOrders
{
    public required Dictionary<string, string?> Settings { get; init; }

    /// <summary>The command that it submits: this one, or one of the next.</summary>
    public ProvisionTenant? Command { get; init; }

    public SuspendTenant? Suspend { get; init; }

    public ReactivateTenant? Reactivate { get; init; }

    public UpdateTenant? Update { get; init; }

    public DeprovisionTenant? Deprovision { get; init; }

    public BackupTenant? Backup { get; init; }

    public MigrateTenant? Migrate { get; init; }

    public RevertMove? Revert { get; init; }

    public RotateCredentials? Rotate { get; init; }

    /// <summary>Any other command.</summary>
    public AnyCommand? Any { get; init; }

    /// <summary>Whether it submits nothing, because its command is scheduled.</summary>
    public bool Waits { get; init; }

    public required CrashPoint At { get; init; }

    /// <summary>A step that takes effect and then fails permanently, so that the operation compensates.</summary>
    public string? FailsPermanently { get; init; }
}
