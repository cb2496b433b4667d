using System.Globalization;
using Saga.Contracts.Steps;
using Saga.Registry.Plans;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Configuration;

/// <summary>Verifies that every setting and feature of the plan can be read, and that sealed ones can be opened.</summary>
internal sealed class ConfigurationVerification(PlanStore plans, TenantSettings settings) : IVerification
{
    public string Name => "configuration";

    public async Task VerifyAsync(StepContext context, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken)
            ?? throw Broken(string.Create(CultureInfo.InvariantCulture, $"version {context.Tenant.PlanVersion} of its plan '{context.Tenant.Plan}' is not in the registry"));
        var found = await ReadAsync(context, cancellationToken);
        var missing = plan.Settings.Keys.Concat(plan.Features.Keys.Select(f => TenantSettings.FeaturePrefix + f)).Except(found, StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
            throw Broken($"it lacks {string.Join(", ", missing)}");
    }

    private async Task<IEnumerable<string>> ReadAsync(StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            return (await settings.ReadAllAsync(context.TenantId, cancellationToken)).Keys;
        }
        catch (SealingException error)
        {
            throw Broken(error.Message);
        }
    }

    private static StepFailureException Broken(string what) => StepFailureException.Permanent(
        "configuration-incomplete", $"The tenant's configuration failed verification: {what}", $"Replay from the step '{StepNames.Configuration}'.");
}
