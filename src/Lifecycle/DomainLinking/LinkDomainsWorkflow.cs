using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.DomainLinking;

/// <summary>What follows a change of a tenant's domains. The registry has decided by then, so it only goes forward.</summary>
public static class LinkDomainsWorkflow
{
    public const string Kind = "linkDomains";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        ForwardOnly = true,
        Steps = [new() { Name = StepNames.LinkDomains, Worker = WorkerNames.Identity, Kind = StepKind.Retriable }],
    }.Validated();
}
