using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Repair;

/// <summary>
/// The role <c>tenant-admin</c> of the whole realm, which earlier versions granted instead of the membership in an organisation's
/// group. Refusals are <see cref="StepFailureException"/>. Thread-safe.
/// </summary>
public interface IFormerRole
{
    public const string Name = "tenant-admin";

    /// <summary>Lists the users who have the role.</summary>
    IAsyncEnumerable<DirectoryUser> HoldersAsync(CancellationToken cancellationToken);

    /// <summary>Takes the role from the user.</summary>
    /// <returns>Whether the user had it.</returns>
    Task<bool> RevokeAsync(string userId, CancellationToken cancellationToken);
}
