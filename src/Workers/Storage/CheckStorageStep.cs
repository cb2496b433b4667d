using System.Globalization;
using Saga.Contracts.Steps;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;

namespace Saga.Workers.Storage;

/// <summary>
/// Refuses a plan that lowers the limit of storage below what the tenant's objects and rows take. Former versions of objects do not count,
/// because the tenant cannot remove them.
/// </summary>
internal sealed class CheckStorageStep(IObjectStore store, PlanStore plans) : IStep
{
    private const double Gib = 1024 * 1024 * 1024;

    public string Name => StepNames.CheckStorage;

    public IReadOnlyList<string> Needs => [StepNames.CheckUsage];

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var plan = await TargetPlan.FindAsync(plans, context, cancellationToken);
        if (await TargetPlan.LoweredStorageAsync(plans, context, plan, cancellationToken) is not { } limit)
            return null;
        var rows = context.FindOutput<MeasuredUsage>(StepNames.CheckUsage)?.DatabaseBytes;
        var (objects, bytes) = await ObjectsAsync(context, cancellationToken);
        if (bytes + (rows ?? 0) > limit * Gib)
        {
            throw StepFailureException.Permanent(
                "plan-too-small",
                string.Create(CultureInfo.InvariantCulture, $"Tenant '{context.Tenant.Slug}' uses {InGib(bytes + (rows ?? 0))} GiB of storage ({InGib(bytes)} GiB of objects, {(rows is { } known ? $"{InGib(known)} GiB" : "an unknown part")} in the database), and plan '{plan.Name}' allows {limit} GiB."),
                "Remove objects or rows or choose a larger plan, then send the command again.");
        }

        return new { Objects = objects, ObjectBytes = bytes, DatabaseBytes = rows, LimitGib = limit };
    }

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<(long Objects, long Bytes)> ObjectsAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (objects, bytes) = (0L, 0L);
        try
        {
            await foreach (var item in store.For(context.TenantId).ListAsync(null, cancellationToken))
            {
                (objects, bytes) = (objects + 1, bytes + item.Bytes);
                context.Report(objects, unit: "objects", words: "measuring objects");
            }
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }

        return (objects, bytes);
    }

    // Rounded up, so that the numbers never look as if it fitted.
    private static string InGib(long bytes) => (Math.Ceiling(bytes / Gib * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture);
}
