using Saga.Registry.Plans;

namespace Saga.Workers.Database.Product;

/// <summary>Compares the seeds' names with the plans of the registry: a seed of a plan that does not exist is never run. Thread-safe.</summary>
internal sealed class SeedPlans(ProductFiles product, PlanStore plans)
{
    public async Task<IReadOnlyList<ProductFault>> FindAsync(CancellationToken cancellationToken)
    {
        if (product.Seeds.Count == 0)
            return [];
        var names = (await plans.ListAsync(cancellationToken)).Select(p => p.Name).ToList();
        return
        [
            .. product.Seeds.Where(s => !names.Contains(s.Key, StringComparer.Ordinal)).OrderBy(s => s.Key, StringComparer.Ordinal)
                .Select(s => new ProductFault(s.Value.Path, 0, $"There is no plan '{s.Key}', so no tenant would get these rows. The plans are {string.Join(", ", names)}.")),
        ];
    }
}
