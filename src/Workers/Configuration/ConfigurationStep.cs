using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Plans;
using Saga.Registry.Settings;
using Saga.Tenancy.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Configuration;

/// <summary>Writes the plan's defaults, overridden by the tenant's own values, in one transaction.</summary>
internal sealed class ConfigurationStep(PlanStore plans, TenantSealer sealer, LeasedTransactions leases) : IStep
{
    private const int GeneratedBytes = 32;

    public string Name => StepNames.Configuration;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(context.Tenant.Plan, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"The plan '{context.Tenant.Plan}' is not in the registry.", "Add the plan again, then replay the step.");
        RequireKnown(context.Tenant.Settings.Keys, plan.Settings.Keys, plan.Name, "setting");
        RequireKnown(context.Tenant.Features.Keys, plan.Features.Keys, plan.Name, "feature");

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var (sealedCount, generated) = (0, 0);
        foreach (var (key, setting) in plan.Settings)
        {
            var own = context.Tenant.Settings.TryGetValue(key, out var given);
            var made = !own && setting.Generate;
            var value = own ? given : made ? Generate() : setting.Value ?? throw StepFailureException.Permanent(
                "plan-invalid", $"The plan '{plan.Name}' gives '{key}' neither a value nor 'generate'.", "Fix the plan, then replay the step.");
            sealedCount += setting.Sealed ? 1 : 0;
            generated += made ? 1 : 0;
            await WriteAsync(transaction, context, key, value, setting.Sealed, keep: made, cancellationToken);
        }

        foreach (var (feature, open) in plan.Features)
        {
            var value = JsonSerializer.SerializeToElement(context.Tenant.Features.GetValueOrDefault(feature, open), Json.Options);
            await WriteAsync(transaction, context, TenantSettings.FeaturePrefix + feature, value, seal: false, keep: false, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return new { Settings = plan.Settings.Count, Features = plan.Features.Count, Sealed = sealedCount, Generated = generated };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantSettingRows.DeleteAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task WriteAsync(
        LeasedTransaction transaction, StepContext context, string key, JsonElement value, bool seal, bool keep, CancellationToken cancellationToken)
    {
        // Generated values are kept, because somebody may already use the first one.
        if (!seal)
        {
            await TenantSettingRows.WriteAsync(transaction, context.TenantId, key, value, keep, cancellationToken);
            return;
        }

        var plaintext = JsonSerializer.SerializeToUtf8Bytes(value, Json.Options);
        var envelope = await sealer.SealAsync(transaction, context.TenantId, TenantSettings.Purpose(key), plaintext, cancellationToken);
        await TenantSettingRows.WriteSealedAsync(transaction, context.TenantId, key, envelope, keep, cancellationToken);
    }

    // The intake refuses unknown names, but the plan may have changed since.
    private static void RequireKnown(IEnumerable<string> own, IEnumerable<string> known, string plan, string kind)
    {
        if (own.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw StepFailureException.Permanent(
                $"{kind}-unknown", $"The plan '{plan}' has no {kind} '{unknown}'.", $"Add it to the plan, or send the command again without it.");
        }
    }

    private static JsonElement Generate() =>
        JsonSerializer.SerializeToElement(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(GeneratedBytes)), Json.Options);
}
