using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>The contract of every directory adapter.</summary>
public abstract partial class DirectoryContract : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    protected IDirectory Directory { get; set; } = null!;

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Adds a user that was not created by provisioning.</summary>
    protected abstract Task SeedUserAsync(string email, bool enabled, bool verified);

    protected static TenantId NewTenant() => new(Guid.CreateVersion7());

    private TenantId lastTenant;

    private OrganizationSpec Organization(string slug, string name, string? domain) =>
        new(lastTenant = NewTenant(), Slug.Parse(slug), name, domain);

    private async Task<(DirectoryOrganization Organization, DirectoryUser User)> AdministratorAsync(string slug, string email)
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization(slug, slug, null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, email, None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);
        await Directory.EnsureAdministersAsync(organization.Id, user.Id, None);
        return (organization, user);
    }

    private static Task<StepFailureException> FailureOfAsync(Func<Task> act) => Should.ThrowAsync<StepFailureException>(act);

    private static async Task<Exception?> OutcomeOfAsync(Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (StepFailureException e)
        {
            return e;
        }
    }
}
