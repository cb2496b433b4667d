using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;

namespace Saga.Lifecycle.Provision;

/// <summary>Everything that accepting a command writes, in one transaction and two round trips before its commit.</summary>
internal static class ProvisionTransaction
{
    private static readonly StoredWorkflow Workflow = StoredWorkflow.Of(ProvisionWorkflow.Definition);

    public static async Task WriteAsync(
        NpgsqlConnection connection, ProvisionTenant command, ValidProvision valid, string caller, Guid operation, TenantId tenant,
        DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            Add(batch, "insert into workflows (digest, kind, version, definition) values ($1, $2, $3, $4::jsonb) on conflict (digest) do nothing",
                Workflow.Digest, Workflow.Definition.Kind, Workflow.Definition.Version, Workflow.Json);
            Add(batch,
                """
                insert into tenants (id, slug, name, plan, tier, status, domain, subdomain, region, timezone, admin_email, features, settings, created_at, updated_at)
                values ($1, $2, $3, $4, $5, 'provisioning', $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13, $13)
                """,
                tenant.Value, valid.Slug.ToString(), valid.Name, valid.Plan.Name, valid.Tier.ToString().ToLowerInvariant(), valid.Domain,
                valid.Subdomain, valid.Region, valid.Timezone, valid.AdminEmail, Text(valid.Features), Text(valid.Settings), now);
            Add(batch,
                """
                insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, created_at, traceparent)
                values ($1, $2, $3, $4, 'accepted', $5::jsonb, $6, $7, $8)
                """,
                operation, Workflow.Definition.Kind, tenant.Value, Workflow.Digest, Text(command with { IdempotencyKey = null }), caller, now, TraceContext.Current);
            Add(batch, "insert into operation_history (operation_id, at, event) values ($1, $2, $3)", operation, now, HistoryEvents.Accepted);
            Add(batch, "insert into audit (at, actor, action, tenant_id, operation_id, detail) values ($1, $2, 'tenant.provision', $3, $4, $5::jsonb)",
                now, caller, tenant.Value, operation, Text(new { slug = valid.Slug, plan = valid.Plan.Name, tier = valid.Tier }));
            if (command.IdempotencyKey is not null)
            {
                Add(batch, "insert into idempotency_keys (caller, key, request_hash, operation_id, created_at) values ($1, $2, $3, $4, $5)",
                    caller, command.IdempotencyKey, CommandHash.Of(command), operation, now);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await OutboxWriter.SendAsync(transaction, Endpoints.Operations, new OperationSubmitted { OperationId = operation }, cancellationToken);
        using var activity = IntakeTelemetry.Source.StartActivity(IntakeTelemetry.Commit);
        // A caller that hangs up now would leave it open whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
    }

    private static string Text<T>(T value) => JsonSerializer.Serialize(value, Json.Options);

    private static void Add(NpgsqlBatch batch, string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is null ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text } : new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }
}
