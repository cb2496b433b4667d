using Saga.Workers.Database.Migrations;

namespace Saga.Workers.Database.Product;

/// <summary>The product whose tables every tenant gets: the team's own, or the sample.</summary>
/// <param name="Migrations">The same ones in every isolation tier.</param>
/// <param name="Seeds">By plan: the first rows of a new tenant. Plans without one begin empty.</param>
/// <param name="Verifications">Queries that answer whether a tenant's rows are as they should be.</param>
/// <param name="IsSample">Whether it is the sample, which this version's own tests check.</param>
internal sealed record ProductFiles(
    ProductMigrations Migrations, IReadOnlyDictionary<string, ProductFile> Seeds, IReadOnlyList<ProductFile> Verifications, bool IsSample)
{
    /// <summary>What exports have of the tables.</summary>
    public ProductExport Export { get; init; } = new();

    /// <summary>The file's name of a migration.</summary>
    public static string NameOf(ProductMigration migration) => $"{migration.Name}.sql";

    public static ProductFiles Sample() => new(ProductMigrations.Embedded(), new Dictionary<string, ProductFile>(StringComparer.Ordinal), [], IsSample: true);
}
