using System.Collections.Concurrent;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Tests.Support;

/// <summary>A step whose effect is a mark that the test can read, and whose behaviour the test defines.</summary>
public sealed class ScriptedStep(string name) : IStep
{
    private readonly ConcurrentDictionary<TenantId, int> effects = new();

    /// <summary>Executes, or compensates, until it is cancelled.</summary>
    /// <param name="name">The step's name.</param>
    /// <param name="began">Completes when it has started.</param>
    /// <param name="back">Whether to hang in the compensation.</param>
    public static ScriptedStep Hanging(string name, out Task began, bool back = false)
    {
        var begins = new TaskCompletionSource();
        began = begins.Task;
        return back ? new(name) { OnCompensate = HangAsync } : new(name) { OnExecute = HangAsync };

        Task HangAsync(StepContext context, CancellationToken cancellationToken)
        {
            begins.TrySetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    public string Name { get; } = name;

    /// <summary>Replaces the default behaviour; call <see cref="Act"/> to take effect.</summary>
    public Func<StepContext, CancellationToken, Task>? OnExecute { get; init; }

    public Func<StepContext, CancellationToken, Task>? OnCompensate { get; init; }

    public string? System { get; init; }

    /// <summary>The numbers of started executions and compensations.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public IEnumerable<string> Systems(Tenant tenant) => System is null ? [] : [System];

    /// <summary>Whether the effect exists for the tenant.</summary>
    public bool Holds(TenantId tenant) => effects.ContainsKey(tenant);

    public void Act(TenantId tenant) => effects[tenant] = 1;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        Calls.Enqueue("execute");
        if (OnExecute is null)
            Act(context.TenantId);
        else
            await OnExecute(context, cancellationToken);
        return null;
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        Calls.Enqueue("compensate");
        if (OnCompensate is not null)
            await OnCompensate(context, cancellationToken);
        effects.TryRemove(context.TenantId, out _);
    }
}
