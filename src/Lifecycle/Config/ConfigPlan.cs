using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Plans;
using Saga.Registry.Audit;
using Saga.Registry.Plans;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Config;

/// <summary>Gives a tenant its own value for a setting or a feature, or takes it back.</summary>
public sealed class ConfigPlan(TenantStore tenants, PlanStore plans, BoxKeyStore boxKeys) : ICommandPlan<SetConfig, ValidConfig>
{
    public static string Kind => ConfigWorkflow.Kind;

    public static string Queue => Endpoints.Config;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [ConfigWorkflow.Open, ConfigWorkflow.Sealed, ConfigWorkflow.Reset];

    public static string? BoxedField(JsonElement stored) =>
        stored.TryGetProperty("isEncrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True ? "configValue" : null;

    public string AuditAction => AuditActions.ConfigSet;

    public async ValueTask<Checked<ValidConfig>> CheckAsync(SetConfig command, CancellationToken cancellationToken)
    {
        if (command.TenantId == default)
            return new(null, [new("/tenantId", "is required: the tenant's id")]);
        if (await tenants.FindAsync(command.TenantId, cancellationToken) is not { } tenant)
            return new(new(command.TenantId, null, default, false), []);
        if (await plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken) is not { } plan)
            return new(null, [new("/configKey", $"cannot be checked, because the tenant's plan '{tenant.Plan}' is not in the registry any more")]);
        var valid = ConfigValidation.Validate(command, plan, out var errors);
        return new(valid is null ? null : valid with { HasBoxKey = !valid.Encrypted || await boxKeys.FindNewestAsync(cancellationToken) is not null }, errors);
    }

    public SetConfig WithoutSecrets(SetConfig command) => command.IsEncrypted == true ? command with { ConfigValue = null } : command;

    public async ValueTask<SetConfig> ProtectAsync(SetConfig command, CancellationToken cancellationToken)
    {
        if (command.IsEncrypted != true)
            return command;
        // Without a key the guard refuses the command.
        return await boxKeys.FindNewestAsync(cancellationToken) is var (id, key) ? BoxedConfig.Seal(command with { ConfigValue = SettingValue.Normalize(command.ConfigValue!.Value) }, id, key) : WithoutSecrets(command);
    }

    public CommandSubject Subject(ValidConfig input) => new CommandSubject.ExistingTenant(input.Tenant);

    public OperationRejected? Guard(ValidConfig input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } status)
            return status;
        if (!input.HasBoxKey)
            return new() { Code = RejectionCodes.StepNotHosted, Detail = "No worker has made a key for encrypted values yet. Start workers of this version, then send the command again." };
        return tenant.Holds.FirstOrDefault(h => h.Code is HoldCode.Deletion or HoldCode.Move or HoldCode.Restore) is { } hold
            ? new() { Code = RejectionCodes.TenantState, Detail = $"Tenant '{tenant.Slug}' is being deleted, moved or restored. That was ordered by {hold.Actor}: {hold.Reason} Wait until it has ended." }
            : null;
    }

    public WorkflowDefinition Plan(ValidConfig input, Tenant? tenant) => input.Remove ? ConfigWorkflow.Reset : input.Encrypted ? ConfigWorkflow.Sealed : ConfigWorkflow.Open;

    public IReadOnlyList<string> Words(ValidConfig input, Tenant? tenant)
    {
        var key = input.Key!.FullName;
        return
        [
            input.Remove ? $"The tenant's own value of '{key}' is taken back, and the value of its plan counts again."
                : input.Encrypted ? $"'{key}' gets the value that was sent, sealed with the tenant's key. It is never shown."
                : $"'{key}' becomes {JsonText.Readable(input.Value)} for this tenant, whatever its plan says.",
        ];
    }

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidConfig input, BegunOperation operation)
    {
        var field = input.Key!.IsFeature ? TenantField.Features : TenantField.Settings;
        // An encrypted value is not among the tenant's data, which everybody may read who may read tenants.
        return TenantChangeRows.SetCommands(input.Tenant, operation.Id, field, input.Key.Name, input.Encrypted || input.Remove ? null : input.Value, operation.At);
    }

    public object AuditDetail(ValidConfig input)
    {
        var key = input.Key!.FullName;
        return input.Remove ? new { key, removed = true } : new { key, encrypted = input.Encrypted };
    }
}
