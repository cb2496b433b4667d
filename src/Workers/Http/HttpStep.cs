using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Operations;
using Saga.Workers.Runtime;

namespace Saga.Workers.Http;

/// <summary>Runs every custom step that calls an endpoint. What it calls is in the operation's workflow.</summary>
internal sealed class HttpStep(EndpointWire wire, IStepInputStore inputs, IOptions<HttpStepsOptions> options, TimeProvider time) : IStep
{
    public const string StepName = "http.call";

    public string Name => StepName;

    public string? RunsAllOf => WorkerNames.Http;

    public async ValueTask<IStep> PrepareAsync(Guid operation, string step, CancellationToken cancellationToken) =>
        await inputs.FindAsync(operation, step, cancellationToken) is { Definition.Http: { } http } planned
            ? new EndpointStep(planned, http, wire, options.Value, time)
            : throw new InvalidOperationException($"The workflow of operation {operation} has no step '{step}' that calls an endpoint.");

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("The step was not prepared.");

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("The step was not prepared.");
}
