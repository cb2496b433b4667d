using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;

namespace Saga.Tests.Integration.Identity;

internal static class Releases
{
    /// <summary>Releases a user that no other tenant is about to need. It may be deleted if it was created for the tenant.</summary>
    public static Task ReleaseUserAsync(this IDirectory directory, TenantId tenant, string email, CancellationToken cancellationToken) =>
        directory.ReleaseUserAsync(tenant, email, (user, _) => Task.FromResult(user.MadeFor == tenant), cancellationToken);
}
