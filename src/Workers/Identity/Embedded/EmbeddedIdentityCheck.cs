namespace Saga.Workers.Identity.Embedded;

/// <summary>The embedded directory is created whole, and there is nothing to configure.</summary>
internal sealed class EmbeddedIdentityCheck : IIdentityCheck
{
    public Task<IdentityCheckReport> RunAsync(CancellationToken cancellationToken) => Task.FromResult(new IdentityCheckReport([], []));
}
