using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers;

/// <summary>
/// One resource or activity of a tenant's lifecycle, with everything that a worker needs for it, in its own folder.
/// </summary>
public abstract class ResourceModule
{
    /// <summary>The worker's name in <c>Saga:Workers:Run</c> and in the queue for its steps. Workflows contain it, so it must never change.</summary>
    public abstract string Worker { get; }

    /// <summary>Adds its <see cref="IStep"/>s, with their options and the configured adapter.</summary>
    public abstract void AddSteps(IServiceCollection services, IConfiguration configuration);

    /// <summary>
    /// Adds its <see cref="IVerification"/>s, for the process that runs the verify step. That may be a different process than the one
    /// that runs the steps. It needs no master key, because verifications read like a runtime. Both methods may add shared services.
    /// </summary>
    public virtual void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
    }
}
