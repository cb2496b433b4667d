using System.Runtime.CompilerServices;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.CustomSteps;
using Saga.Lifecycle.FourEyes;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Processes;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Intake;

/// <summary>The one intake, for the command that <typeparamref name="TPlan"/> describes.</summary>
public sealed class CommandIntake<TCommand, TInput, TPlan>(TPlan plan, IAcceptanceStore ledger, TenantStore tenants, HostedSteps hosted, OrchestratorLevels levels, CustomWorkflows custom, FourEyesRules fourEyes, Rejections rejections, TimeProvider time) : ICommandIntake<TCommand>
    where TCommand : class
    where TInput : class
    where TPlan : ICommandPlan<TCommand, TInput>
{
    // A retry is needed when the holder of a name released it between two statements, or after a deadlock.
    private const int Tries = 5;

    private static readonly string Own = Caller.System.ToString();

    private readonly ConditionalWeakTable<WorkflowDefinition, StoredWorkflow> stored = [];

    public async Task<IntakeOutcome> SubmitAsync(TCommand command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null)
    {
        var outcome = await SubmitAsync(command, caller, caller.ToString(), usualKey, wait, claim, replayOf, parent, cancellationToken);
        return outcome is CommandRejected { Rejection: var rejection } ? await RejectAsync(rejection, caller, cancellationToken, messageId) : outcome;
    }

    public async Task<CommandRejected> RejectAsync(OperationRejected rejection, Caller caller, CancellationToken cancellationToken, Guid? messageId = null)
    {
        await rejections.RecordAsync(TPlan.Kind, caller, rejection, messageId, cancellationToken);
        return new(rejection);
    }

    private async Task<IntakeOutcome> SubmitAsync(TCommand command, Caller sender, string caller, string? usualKey, ScopeWait? wait, ScheduleClaim? claim, ReplayedOperation? replayOf, Guid? parent, CancellationToken cancellationToken)
    {
        var body = CommandBody.Of(plan.WithoutSecrets(command));
        var key = (body.Key ?? usualKey) is { } text ? new IdempotencyKey(text, body.Hash(replayOf?.Id)) : null;
        // Before validation: an accepted command stays accepted, even if a plan has changed since.
        if (await ReplayAsync(key, caller, cancellationToken) is { } known)
            return known;
        if (claim is null && TPlan.Scheduling is { Only: true })
            return new CommandRejected(new() { Code = RejectionCodes.NotSupported, Detail = "This command is part of another one, which schedules it. It cannot be sent by itself." });
        if (!FourEyesRules.Accepts(sender, claim, replayOf) && await fourEyes.NeedAsync(command, cancellationToken) is not null)
            return new CommandRejected(FourEyesRules.Refusal(TPlan.Kind));
        var (input, rejection) = await CheckAsync(command, key?.Text, cancellationToken);
        if (input is null || rejection is not null)
            return new CommandRejected(rejection!);

        var kept = CommandBody.Of(await plan.ProtectAsync(plan.Resolve(command, input), cancellationToken)).ToJson();
        var existing = (plan.Subject(input) as CommandSubject.ExistingTenant)?.Id;
        var customized = await custom.CurrentAsync(cancellationToken);
        var missing = await MissingAsync(customized, cancellationToken);
        for (var left = Tries; ; left--)
        {
            IntakeOutcome? outcome = null;
            try
            {
                if (await ledger.AcceptAsync(existing, (tenant, now) => Decide(tenant, now, out outcome), cancellationToken) is not { } conflict)
                {
                    // What a concurrent command with the same key has done may be why this one is refused.
                    return outcome is CommandRejected && await ReplayAsync(key, caller, cancellationToken) is { } done ? done : outcome!;
                }


                // A concurrent command with the same key shows up as a taken scope.
                return await ReplayAsync(key, caller, cancellationToken) ?? new CommandRejected(Rejection(conflict));
            }
            catch (PostgresException e) when (left > 1 && e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected or TenantAdmission.NameHeld or TenantAdmission.NoRoom or TenantAdmission.NotAdoptable or BatchStore.NotPrepared)
            {
                // A concurrent command with the same key shows up as a taken name, so check the key first.
                if (await ReplayAsync(key, caller, cancellationToken) is { } raced)
                    return raced;
                if (await FindConflictAsync(input, Begin(input, existing), wait ?? plan.Wait(input), cancellationToken) is { } conflict)
                    return new CommandRejected(conflict);
            }
        }

        Acceptance? Decide(Tenant? tenant, DateTimeOffset now, out IntakeOutcome decided)
        {
            if (Guard(input, tenant) is { } refused)
            {
                decided = new CommandRejected(refused);
                return null;
            }

            var operation = Begin(input, tenant?.Id) with { At = now, Caller = caller };
            var parentId = parent ?? plan.Parent(input);
            var (workflow, unfit) = customized.Apply(plan.Plan(input, tenant), TPlan.Workflows);
            if ((unfit ?? NotRun(workflow, missing)) is { } unknown)
            {
                decided = new CommandRejected(unknown);
                return null;
            }

            decided = new CommandAccepted(operation.Id, operation.TenantId, IsReplay: false) { Operation = AsAccepted(operation, workflow, SlugOf(input, tenant), caller) with { ParentId = parentId, Priority = PriorityOf(input) } };
            return new()
            {
                OperationId = operation.Id,
                TenantId = operation.TenantId,
                ParentId = parentId,
                Priority = PriorityOf(input),
                NeedsSlot = plan.NeedsSlot(input),
                Scopes = plan.Scopes(input, operation),
                Workflow = stored.GetValue(workflow, StoredWorkflow.Of),
                Input = kept,
                Caller = caller,
                At = operation.At,
                AuditAction = plan.AuditAction,
                AuditDetail = DetailOf(plan.AuditDetail(input), replayOf, claim),
                Wait = wait ?? plan.Wait(input),
                Key = key,
                Claim = claim,
                ReplayOf = replayOf,
                Effects = [.. plan.Effects(input, operation)],
            };
        }

        OperationPriority PriorityOf(TInput of)
        {
            // Nobody waits for what was scheduled, or for what the installation does by itself.
            if (plan.Priority(of) == OperationPriority.Interactive && (claim is not null || caller == Own))
                return OperationPriority.Scheduled;
            return parent is null ? plan.Priority(of) : OperationPriority.Batch;
        }
    }

    public async Task<CommandPreview> PlanAsync(TCommand command, CancellationToken cancellationToken)
    {
        var (input, rejection) = await CheckAsync(command, CommandBody.Of(command).Key, cancellationToken);
        if (input is null)
            return new(TPlan.Workflows[0], null, rejection);
        var needsApproval = await fourEyes.NeedAsync(command, cancellationToken) is not null;
        var existing = (plan.Subject(input) as CommandSubject.ExistingTenant)?.Id;
        var tenant = existing is { } id ? await tenants.FindAsync(id, cancellationToken) : null;
        if ((rejection ?? Guard(input, tenant)) is { } refused)
            return new(TPlan.Workflows[0], input, refused) { TenantId = existing, Changes = Words() };
        var customized = await custom.CurrentAsync(cancellationToken);
        var (workflow, unfit) = customized.Apply(plan.Plan(input, tenant), TPlan.Workflows);
        var operation = Begin(input, existing);
        rejection = unfit ?? NotRun(workflow, await MissingAsync(customized, cancellationToken)) ?? await FindConflictAsync(input, operation, plan.Wait(input), cancellationToken);
        return new(workflow, input, rejection)
        {
            TenantId = existing,
            Changes = Words(),
            WaitsFor = rejection is null && plan.Wait(input) is not null ? await ledger.FindHolderAsync(plan.Scopes(input, operation), cancellationToken) : null,
        };

        IReadOnlyList<string> Words() => existing is not null && tenant is null ? [] : [.. plan.Words(input, tenant), .. needsApproval ? (string[])[FourEyesRules.Words] : []];
    }

    // Holds no connection meanwhile: the rules may need one themselves, and if every pooled connection were held by a command, the
    // commands would wait for each other.
    private async Task<(TInput? Input, OperationRejected? Rejection)> CheckAsync(TCommand command, string? key, CancellationToken cancellationToken)
    {
        var found = await plan.CheckAsync(command, cancellationToken);
        var errors = found.Errors;
        if (key is not null && !IdempotencyKeys.IsValid(key))
            errors = [.. errors, new("/idempotencyKey", $"must be {IdempotencyKeys.Rule}")];
        return errors.Count == 0 ? (found.Input, found.Rejection) : (null, new()
        {
            Code = RejectionCodes.Validation,
            Detail = $"The command breaks {(errors.Count == 1 ? "a rule" : $"{errors.Count} rules")}: see errors.",
            Errors = errors,
        });
    }

    private OperationRejected? Guard(TInput input, Tenant? tenant) => (plan.Subject(input), tenant) switch
    {
        (CommandSubject.NewTenant or CommandSubject.NoTenant, _) => null,
        (_, null) => new() { Code = RejectionCodes.TenantNotFound, Detail = "There is no such tenant." },
        (_, { } existing) => plan.Guard(input, existing),
    };

    private BegunOperation Begin(TInput input, TenantId? existing)
    {
        var now = time.GetUtcNow();
        return new(Guid.CreateVersion7(now), plan.Subject(input) is CommandSubject.NewTenant created ? created.Id ?? new TenantId(Guid.CreateVersion7(now)) : existing, now);
    }

    private async Task<OperationRejected?> FindConflictAsync(TInput input, BegunOperation operation, ScopeWait? wait, CancellationToken cancellationToken) =>
        await plan.FindConflictAsync(input, cancellationToken)
            ?? (wait is null && await ledger.FindHolderAsync(plan.Scopes(input, operation), cancellationToken) is { } holder ? Active(holder) : null);

    private async Task<Missing> MissingAsync(CustomizedWorkflows customized, CancellationToken cancellationToken)
    {
        var tooHigh = new List<int>();
        var workflows = TPlan.Workflows.Select(w => customized.Apply(w, TPlan.Workflows).Workflow).ToList();
        foreach (var level in workflows.Select(w => w.EngineLevel).Distinct())
        {
            if (await levels.IsMissingAsync(level, cancellationToken))
                tooHigh.Add(level);
        }

        return new(await hosted.MissingAsync([.. workflows.SelectMany(w => w.Steps).Where(s => s.Wait is null).Select(s => s.HostedAs).Distinct(StringComparer.Ordinal)], cancellationToken), tooHigh);
    }

    // If it were accepted, it could wait forever and block other commands of its tenant.
    private static OperationRejected? NotRun(WorkflowDefinition workflow, Missing missing)
    {
        if (missing.Levels.Contains(workflow.EngineLevel))
        {
            return new()
            {
                Code = RejectionCodes.EngineTooOld,
                Detail = $"The workflow '{workflow.Kind}' needs engine level {workflow.EngineLevel}, and no running orchestrator has it. Start orchestrators of this version, then send the command again.",
            };
        }

        var absent = workflow.Steps.Where(s => missing.Steps.Contains(s.HostedAs, StringComparer.Ordinal)).ToList();
        if (absent.Count == 0)
            return null;
        var names = string.Join(", ", absent.Select(s => s.Http is { Secret: var secret } ? $"'{s.Name}' (with the signing secret '{secret}')" : $"'{s.Name}'"));
        return new()
        {
            Code = RejectionCodes.StepNotHosted,
            Detail = $"No running process knows {(absent.Count == 1 ? "the step" : "the steps")} {names}. Start {(absent.Exists(s => CustomNames.IsStep(s.Name)) ? "the workers that run them" : "workers of this version")}, then send the command again.",
        };
    }

    private static OperationRejected Rejection(AcceptanceConflict conflict) => conflict switch
    {
        AcceptanceConflict.ScopeTaken { Holder: var holder } => Active(holder),
        AcceptanceConflict.ParentEnded { ParentId: var parent } => new()
        {
            Code = RejectionCodes.ParentEnded,
            Detail = $"The parent operation {parent} has ended or does not exist, so it cannot have new parts.",
        },
        AcceptanceConflict.Replayed { OperationId: var ended } => new()
        {
            Code = RejectionCodes.OperationNotReplayable,
            Detail = "Another replay of the operation is running or has completed. Look at the operation: replayedBy names it.",
            OperationId = ended,
        },
        _ => throw new InvalidOperationException($"The registry answered with {conflict}."),
    };

    private static OperationRejected Active(ScopeHolder holder) => new()
    {
        Code = RejectionCodes.OperationActive,
        Detail = OperationScopes.IsTenant(holder.Scope)
            ? $"The tenant has {(holder.Waits ? "an operation that waits for it" : "a running operation")} ({holder.Kind}, {holder.OperationId}). Follow that operation."
            : holder.Waits
            ? $"An operation that came earlier ({holder.Kind}, {holder.OperationId}) waits for the scope '{holder.Scope}'. Follow that operation."
            : $"A running operation ({holder.Kind}, {holder.OperationId}) holds the scope '{holder.Scope}'. Follow that operation.",
        OperationId = holder.OperationId,
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

    private static string DetailOf(object detail, ReplayedOperation? replayOf, ScheduleClaim? claim)
    {
        if (replayOf is null && claim?.Approver is null)
            return JsonSerializer.Serialize(detail, Json.Options);
        var members = JsonSerializer.SerializeToNode(detail, Json.Options)!.AsObject();
        if (replayOf is not null)
            members["replayOf"] = replayOf.Id;
        if (claim?.Approver is { } approver)
        {
            members["requestedBy"] = claim.RequestedBy;
            members["approvedBy"] = approver;
        }

        return members.ToJsonString();
    }

    private Slug? SlugOf(TInput input, Tenant? tenant) => tenant?.Slug ?? (plan.Subject(input) as CommandSubject.NewTenant)?.Slug;

    private static Operation AsAccepted(BegunOperation operation, WorkflowDefinition workflow, Slug? slug, string caller) => new()
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

    /// <param name="Steps">Steps that no process hosts.</param>
    /// <param name="Levels">Engine levels that no orchestrator has.</param>
    private sealed record Missing(IReadOnlyList<string> Steps, IReadOnlyList<int> Levels);
}
