using System.Runtime.CompilerServices;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Processes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Intake;

/// <summary>The one intake, for the command that <typeparamref name="TPlan"/> describes.</summary>
public sealed class CommandIntake<TCommand, TInput, TPlan>(TPlan plan, CommandLedger ledger, TenantStore tenants, HostedSteps hosted, OrchestratorLevels levels, TimeProvider time) : ICommandIntake<TCommand>
    where TCommand : class
    where TInput : class
    where TPlan : ICommandPlan<TCommand, TInput>
{
    // Each retry follows a holder of the name that let go between two statements, or a deadlock's victim.
    private const int Tries = 5;

    private readonly ConditionalWeakTable<WorkflowDefinition, StoredWorkflow> stored = [];

    public async Task<IntakeOutcome> SubmitAsync(TCommand command, string caller, CancellationToken cancellationToken, string? usualKey = null)
    {
        var body = CommandBody.Of(command);
        var key = (body.Key ?? usualKey) is { } text ? new IdempotencyKey(text, body.Hash()) : null;
        // Before the rules: what was accepted once stays accepted, though a plan changed since.
        if (await ReplayAsync(key, caller, cancellationToken) is { } known)
            return known;
        var (input, refusal) = await CheckAsync(command, key?.Text, cancellationToken);
        if (input is null)
            return new CommandRejected(refusal!);

        var existing = (plan.Subject(input) as CommandSubject.ExistingTenant)?.Id;
        var missing = await MissingAsync(cancellationToken);
        for (var left = Tries; ; left--)
        {
            IntakeOutcome? outcome = null;
            try
            {
                if (await ledger.AcceptAsync(existing, tenant => Decide(tenant, out outcome), cancellationToken) is not { } holder)
                    return outcome!;
                // The same key in flight twice shows as a scope that is taken.
                return await ReplayAsync(key, caller, cancellationToken) ?? new CommandRejected(Active(holder.OperationId, holder.Kind));
            }
            catch (PostgresException e) when (left > 1 && e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
                // The same key in flight twice shows as a taken name, so the key is asked first.
                if (await ReplayAsync(key, caller, cancellationToken) is { } raced)
                    return raced;
                if (await FindConflictAsync(input, existing, cancellationToken) is { } conflict)
                    return new CommandRejected(conflict);
            }
        }

        Acceptance? Decide(Tenant? tenant, out IntakeOutcome decided)
        {
            if (Guard(input, tenant) is { } refused)
            {
                decided = new CommandRejected(refused);
                return null;
            }

            var now = time.GetUtcNow();
            var operation = new BegunOperation(Guid.CreateVersion7(now), tenant?.Id ?? new TenantId(Guid.CreateVersion7(now)), now);
            var workflow = plan.Plan(input, tenant);
            if (NotRun(workflow, missing) is { } unknown)
            {
                decided = new CommandRejected(unknown);
                return null;
            }

            decided = new CommandAccepted(operation.Id, operation.TenantId, IsReplay: false) { Operation = AsAccepted(operation, workflow, SlugOf(input, tenant), caller) };
            return new()
            {
                OperationId = operation.Id,
                TenantId = operation.TenantId,
                Scopes = plan.Scopes(input, operation),
                Workflow = stored.GetValue(workflow, StoredWorkflow.Of),
                Input = body.ToJson(),
                Caller = caller,
                At = now,
                AuditAction = plan.AuditAction,
                AuditDetail = JsonSerializer.Serialize(plan.AuditDetail(input), Json.Options),
                Key = key,
                Effects = [.. plan.Effects(input, operation)],
            };
        }
    }

    public async Task<CommandPreview> PlanAsync(TCommand command, CancellationToken cancellationToken)
    {
        var (input, refusal) = await CheckAsync(command, CommandBody.Of(command).Key, cancellationToken);
        if (input is null)
            return new(TPlan.Workflows[0], null, refusal);
        var existing = (plan.Subject(input) as CommandSubject.ExistingTenant)?.Id;
        var tenant = existing is { } id ? await tenants.FindAsync(id, cancellationToken) : null;
        if (Guard(input, tenant) is { } refused)
            return new(TPlan.Workflows[0], input, refused);
        var workflow = plan.Plan(input, tenant);
        return new(workflow, input, await FindConflictAsync(input, existing, cancellationToken) ?? NotRun(workflow, await MissingAsync(cancellationToken)));
    }

    // No connection is held meanwhile: the rules may read the registry by one of their own, and as many commands as the pool
    // has connections would wait for each other.
    private async Task<(TInput? Input, OperationRejected? Refusal)> CheckAsync(TCommand command, string? key, CancellationToken cancellationToken)
    {
        var (input, errors) = await plan.CheckAsync(command, cancellationToken);
        if (key is not null && !IdempotencyKeys.IsValid(key))
            errors = [.. errors, new("/idempotencyKey", $"must be {IdempotencyKeys.Rule}")];
        return errors.Count == 0 ? (input!, null) : (null, new()
        {
            Code = RejectionCodes.Validation,
            Detail = $"The command breaks {(errors.Count == 1 ? "a rule" : $"{errors.Count} rules")}: see errors.",
            Errors = errors,
        });
    }

    private OperationRejected? Guard(TInput input, Tenant? tenant) => (plan.Subject(input), tenant) switch
    {
        (CommandSubject.NewTenant, _) => null,
        (_, null) => new() { Code = RejectionCodes.TenantNotFound, Detail = "There is no such tenant." },
        (_, { } existing) => plan.Guard(input, existing),
    };

    private async Task<OperationRejected?> FindConflictAsync(TInput input, TenantId? existing, CancellationToken cancellationToken)
    {
        if (await plan.FindConflictAsync(input, cancellationToken) is { } conflict)
            return conflict;
        return existing is { } tenant && await ledger.FindActiveAsync(tenant, cancellationToken) is { } active
            ? Active(active.Id, active.Kind)
            : null;
    }

    private async Task<Missing> MissingAsync(CancellationToken cancellationToken)
    {
        var tooHigh = new List<int>();
        foreach (var level in TPlan.Workflows.Select(w => w.EngineLevel).Distinct())
        {
            if (await levels.IsMissingAsync(level, cancellationToken))
                tooHigh.Add(level);
        }

        return new(await hosted.MissingAsync([.. TPlan.Workflows.SelectMany(w => w.Steps).Select(s => s.Name).Distinct(StringComparer.Ordinal)], cancellationToken), tooHigh);
    }

    // Accepted, it would wait for somebody who may never come, and keep its tenant from other commands meanwhile.
    private static OperationRejected? NotRun(WorkflowDefinition workflow, Missing missing)
    {
        if (missing.Levels.Contains(workflow.EngineLevel))
        {
            return new()
            {
                Code = RejectionCodes.EngineTooOld,
                Detail = $"The workflow '{workflow.Kind}' needs engine level {workflow.EngineLevel}, and no running orchestrator has it. Start orchestrators of this version, and send the command again.",
            };
        }

        return workflow.Steps.Select(s => s.Name).Where(missing.Steps.Contains).ToList() is not { Count: > 0 } names ? null : new()
        {
            Code = RejectionCodes.StepNotHosted,
            Detail = $"No running process knows {(names.Count == 1 ? "the step" : "the steps")} {string.Join(", ", names.Select(n => $"'{n}'"))}. Start workers of this version, and send the command again.",
        };
    }

    private static OperationRejected Active(Guid operation, string kind) => new()
    {
        Code = RejectionCodes.OperationActive,
        Detail = $"The tenant has a running operation ({kind}, {operation}). Follow that operation.",
        OperationId = operation,
    };

    private async Task<IntakeOutcome?> ReplayAsync(IdempotencyKey? key, string caller, CancellationToken cancellationToken)
    {
        if (key is null || !IdempotencyKeys.IsValid(key.Text) || await ledger.FindAsync(caller, key.Text, cancellationToken) is not { } known)
            return null;
        return known.CommandHash.AsSpan().SequenceEqual(key.CommandHash)
            ? new CommandAccepted(known.OperationId, known.TenantId, IsReplay: true)
            : new CommandRejected(new()
            {
                Code = RejectionCodes.IdempotencyKeyReused,
                Detail = "This idempotency key was used for another command. Use a new key for a new command.",
            });
    }

    private Slug SlugOf(TInput input, Tenant? tenant) => tenant?.Slug ?? ((CommandSubject.NewTenant)plan.Subject(input)).Slug;

    private static Operation AsAccepted(BegunOperation operation, WorkflowDefinition workflow, Slug slug, string caller) => new()
    {
        Id = operation.Id,
        Kind = workflow.Kind,
        TenantId = operation.TenantId,
        TenantSlug = slug,
        State = OperationState.Accepted,
        Workflow = workflow,
        Steps = StepRun.InOrder(workflow, []),
        RequestedBy = caller,
        Version = 1,
        CreatedAt = operation.At,
        UpdatedAt = operation.At,
    };

    /// <param name="Steps">Steps that nobody hosts.</param>
    /// <param name="Levels">Engine levels that no orchestrator has.</param>
    private sealed record Missing(IReadOnlyList<string> Steps, IReadOnlyList<int> Levels);
}
