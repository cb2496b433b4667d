using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Provision;

/// <summary>
/// Takes <see cref="ProvisionTenant"/>, from HTTP or the bus: tenant, operation, history, audit, idempotency key and the
/// message that starts the saga commit together, or nothing does. Thread-safe; any number may run.
/// </summary>
public sealed class ProvisionIntake(NpgsqlDataSource registry, PlanStore plans, TimeProvider time)
{
    // Each retry follows a holder of the name that let go between two statements, or a deadlock's victim.
    private const int Tries = 5;

    /// <param name="command">Validated here.</param>
    /// <param name="caller">Who asks, as the token or the bus names them: the scope of idempotency keys.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <exception cref="NpgsqlException">
    /// The registry is unavailable. Nothing was written, unless the connection broke during the commit: with an
    /// idempotency key the command can be sent again in either case.
    /// </exception>
    public async Task<IntakeOutcome> SubmitAsync(ProvisionTenant command, string caller, CancellationToken cancellationToken)
    {
        // Before validation: what was accepted once stays accepted, though a plan changed since.
        await using (var asking = await registry.OpenConnectionAsync(cancellationToken))
        {
            if (await ReplayAsync(asking, command, caller, cancellationToken) is { } known)
                return known;
        }

        // It reads the plan by a connection of its own: were one held meanwhile, as many commands as the pool has
        // connections would wait for each other.
        var (valid, refusal) = await ValidateAsync(command, cancellationToken);
        if (valid is null)
            return new CommandRejected(refusal!);

        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        for (var left = Tries; ; left--)
        {
            var now = time.GetUtcNow();
            var accepted = new CommandAccepted(Guid.CreateVersion7(now), new TenantId(Guid.CreateVersion7(now)), IsReplay: false);
            try
            {
                await ProvisionTransaction.WriteAsync(connection, command, valid, caller, accepted.OperationId, accepted.TenantId, now, cancellationToken);
                return accepted;
            }
            catch (PostgresException e) when (left > 1 && e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
                // The same key in flight twice shows as a taken slug, so the key is asked first.
                if (await ReplayAsync(connection, command, caller, cancellationToken) is { } raced)
                    return raced;
                if (await TakenNames.FindAsync(connection, valid, command.Subdomain is not null, cancellationToken) is { } taken)
                    return new CommandRejected(taken);
            }
        }
    }

    /// <summary>What <see cref="SubmitAsync"/> would do now. Writes nothing and reserves nothing.</summary>
    public async Task<IntakePlan> PlanAsync(ProvisionTenant command, CancellationToken cancellationToken)
    {
        var (valid, refusal) = await ValidateAsync(command, cancellationToken);
        if (valid is not null)
        {
            await using var connection = await registry.OpenConnectionAsync(cancellationToken);
            refusal = await TakenNames.FindAsync(connection, valid, command.Subdomain is not null, cancellationToken);
        }

        return new(ProvisionWorkflow.Definition, valid?.Tier, refusal);
    }

    private async Task<(ValidProvision? Valid, OperationRejected? Refusal)> ValidateAsync(ProvisionTenant command, CancellationToken cancellationToken)
    {
        var plan = ProvisionValidation.IsPlanName(command.Plan) ? await plans.FindAsync(command.Plan, cancellationToken) : null;
        var valid = ProvisionValidation.Validate(command, plan, out var errors);
        return valid is not null ? (valid, null) : (null, new()
        {
            Code = RejectionCodes.Validation,
            Detail = $"The command breaks {(errors.Count == 1 ? "a rule" : $"{errors.Count} rules")}: see errors.",
            Errors = errors,
        });
    }

    private static async Task<IntakeOutcome?> ReplayAsync(NpgsqlConnection connection, ProvisionTenant command, string caller, CancellationToken cancellationToken)
    {
        if (command.IdempotencyKey is not { } key || !ProvisionValidation.IsIdempotencyKey(key))
            return null;
        await using var find = new NpgsqlCommand(
            """
            select k.request_hash, o.id, o.tenant_id from idempotency_keys k join operations o on o.id = k.operation_id
            where k.caller = $1 and k.key = $2
            """, connection);
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return null;
        return row.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(CommandHash.Of(command))
            ? new CommandAccepted(row.GetGuid(1), new TenantId(row.GetGuid(2)), IsReplay: true)
            : new CommandRejected(new()
            {
                Code = RejectionCodes.IdempotencyKeyReused,
                Detail = "This idempotency key was used for another command. Use a new key for a new command.",
            });
    }
}
