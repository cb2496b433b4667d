using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Tests.Support.World;

/// <summary>Injects faults into real steps, before or after they take effect.</summary>
public sealed class StepFaults
{
    private readonly ConcurrentDictionary<(TenantId? Tenant, string Step), int> calls = new();

    /// <summary>Called before a step executes, with the number of the call for the tenant, or for all operations without one, from 1. Throw to fail.</summary>
    public Action<StepContext, int>? Before { get; init; }

    /// <summary>Called after a step has executed. Throw to lose its answer.</summary>
    public Action<StepContext, int>? After { get; init; }

    /// <summary>Makes the named step do its work and then fail permanently.</summary>
    public static StepFaults FailsPermanently(string step) => new()
    {
        After = (context, _) =>
        {
            if (context.Step == step)
                throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
        },
    };

    public void Decorate(IServiceCollection services)
    {
        for (var i = 0; i < services.Count; i++)
        {
            if (services[i].ServiceType == typeof(IStep))
            {
                var real = services[i];
                services[i] = ServiceDescriptor.Singleton<IStep>(provider => new Faulty(Make(provider, real), this));
            }
        }
    }

    private static IStep Make(IServiceProvider provider, ServiceDescriptor real) =>
        (IStep)(real.ImplementationInstance ?? real.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, real.ImplementationType!));

    private sealed class Faulty(IStep real, StepFaults faults) : IStep
    {
        public string Name => real.Name;

        public IEnumerable<string> Systems(Tenant tenant) => real.Systems(tenant);

        public TimeSpan LingersFor => real.LingersFor;

        public IReadOnlyList<string> Needs => real.Needs;

        public bool NeedsInput => real.NeedsInput;

        public string? RunsAllOf => real.RunsAllOf;

        public IEnumerable<string> SystemsOf(StepContext context) => real.SystemsOf(context);

        public async ValueTask<IStep> PrepareAsync(Guid operation, string step, CancellationToken cancellationToken)
        {
            var prepared = await real.PrepareAsync(operation, step, cancellationToken);
            return ReferenceEquals(prepared, real) ? this : new Faulty(prepared, faults);
        }

        public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
        {
            var call = faults.calls.AddOrUpdate((context.HasTenant ? context.TenantId : null, context.Step), 1, (_, before) => before + 1);
            faults.Before?.Invoke(context, call);
            var output = await real.ExecuteAsync(context, cancellationToken);
            faults.After?.Invoke(context, call);
            return output;
        }

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => real.CompensateAsync(context, cancellationToken);
    }
}
