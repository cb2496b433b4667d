using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Plans;
using Saga.Registry.Settings;
using Saga.Registry.Tenants;
using Saga.Tenancy.Configuration;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Configuration;

/// <summary>A plan's default settings and features, overridden by the tenant's own values. Thread-safe.</summary>
internal sealed class PlanSettings(PlanStore plans, TenantSealer sealer)
{
    private const int GeneratedBytes = 32;

    /// <summary>The version of the plan that the tenant runs on, if it knows every setting and feature of the tenant's own.</summary>
    /// <exception cref="StepFailureException">It is not in the registry, or lacks one of them.</exception>
    public Task<Plan> FindAsync(Tenant tenant, CancellationToken cancellationToken) => FindAsync(tenant.Plan, tenant.PlanVersion, tenant, cancellationToken);

    /// <summary>The same for any version.</summary>
    public async Task<Plan> FindAsync(string name, int version, Tenant tenant, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(name, version, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", string.Create(CultureInfo.InvariantCulture, $"Version {version} of the plan '{name}' is not in the registry."), "Add the plan again, then replay the step.");
        RequireKnown(tenant.Settings.Keys, plan.Settings.Keys, plan.Name, "setting");
        RequireKnown(tenant.Features.Keys, plan.Features.Keys, plan.Name, "feature");
        return plan;
    }

    /// <summary>Writes them. It may be repeated: a generated value is kept, because somebody may already use the first one.</summary>
    public Task<WrittenSettings> WriteAsync(LeasedTransaction transaction, Tenant tenant, Plan plan, CancellationToken cancellationToken) =>
        WriteAsync(transaction, tenant, plan, plan.Settings.Keys.ToHashSet(StringComparer.Ordinal), plan.Features.Keys.ToHashSet(StringComparer.Ordinal), cancellationToken);

    /// <summary>Writes these settings and features of the plan only.</summary>
    public async Task<WrittenSettings> WriteAsync(
        LeasedTransaction transaction, Tenant tenant, Plan plan, IReadOnlySet<string> settings, IReadOnlySet<string> features, CancellationToken cancellationToken)
    {
        var (sealedCount, generated) = (0, 0);
        foreach (var (key, setting) in plan.Settings.Where(s => settings.Contains(s.Key)))
        {
            var own = tenant.Settings.TryGetValue(key, out var given);
            var made = !own && setting.Generate;
            var value = own ? given : made ? Generate() : setting.Value ?? throw StepFailureException.Permanent(
                "plan-invalid", $"The plan '{plan.Name}' gives '{key}' neither a value nor 'generate'.", "Fix the plan, then replay the step.");
            sealedCount += setting.Sealed ? 1 : 0;
            generated += made ? 1 : 0;
            await WriteAsync(transaction, tenant.Id, key, value, setting.Sealed, keep: made, replaceOwn: own, cancellationToken);
        }

        foreach (var (feature, open) in plan.Features.Where(f => features.Contains(f.Key)))
        {
            var value = JsonSerializer.SerializeToElement(tenant.Features.GetValueOrDefault(feature, open), Json.Options);
            await WriteAsync(transaction, tenant.Id, TenantSettings.FeaturePrefix + feature, value, seal: false, keep: false, replaceOwn: false, cancellationToken);
        }

        return new(plan.Settings.Keys.Count(settings.Contains), plan.Features.Keys.Count(features.Contains), sealedCount, generated);
    }

    /// <summary>Deletes what only the former plan defines.</summary>
    /// <exception cref="StepFailureException">The tenant has a sealed value of its own among it.</exception>
    public static async Task DeleteFormerAsync(LeasedTransaction transaction, TenantId tenant, Plan former, Plan plan, CancellationToken cancellationToken)
    {
        string[] gone = [.. Keys(former).Except(Keys(plan), StringComparer.Ordinal)];
        // Open values of its own were compared when the command was accepted.
        RequireKnown(await TenantSettingRows.ListOwnAsync(transaction, tenant, gone, cancellationToken), [], plan.Name, "setting");
        await TenantSettingRows.DeleteAsync(transaction, tenant, gone, cancellationToken);
    }

    private static IEnumerable<string> Keys(Plan plan) => plan.Settings.Keys.Concat(plan.Features.Keys.Select(f => TenantSettings.FeaturePrefix + f));

    private async Task WriteAsync(
        LeasedTransaction transaction, TenantId tenant, string key, JsonElement value, bool seal, bool keep, bool replaceOwn, CancellationToken cancellationToken)
    {
        if (!seal)
        {
            await TenantSettingRows.WriteAsync(transaction, tenant, key, value, keep, cancellationToken, replaceOwn);
            return;
        }

        var plaintext = JsonSerializer.SerializeToUtf8Bytes(value, Json.Options);
        var envelope = await sealer.SealAsync(transaction, tenant, TenantSettings.Purpose(key), plaintext, cancellationToken);
        await TenantSettingRows.WriteSealedAsync(transaction, tenant, key, envelope, keep, cancellationToken);
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

/// <summary>How much was written.</summary>
internal sealed record WrittenSettings(int Settings, int Features, int Sealed, int Generated);
