using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers;

/// <summary>
/// One resource that tenants have, or one thing that is done for them: all that a worker needs for it, in a folder of its own.
/// </summary>
public abstract class ResourceModule
{
    /// <summary>The worker: what <c>Saga:Workers:Run</c> calls it, and whose queue takes its steps. Workflows hold it: it never changes.</summary>
    public abstract string Worker { get; }

    /// <summary>Its <see cref="IStep"/>s, with their options and the adapter that the configuration names.</summary>
    public abstract void AddSteps(IServiceCollection services, IConfiguration configuration);

    /// <summary>
    /// Its <see cref="IVerification"/>s, for the process that runs the verify step. That may be another than the one that runs the
    /// steps, and need not have a master key: they read what a runtime reads. What both share is added by both and counts once.
    /// </summary>
    public virtual void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
    }
}
