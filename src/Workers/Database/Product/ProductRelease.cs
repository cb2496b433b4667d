using Saga.Registry.Products;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Product.Check;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product;

/// <summary>
/// Releases the product's files: they are checked on a server before anything runs with them, and their text must not change afterwards. Once
/// in a process; what another process released with the same text is not checked again. Thread-safe.
/// </summary>
internal sealed class ProductRelease(ProductFiles product, ProductMigrations migrations, ProductCheck check, ProductVersionStore store) : IDisposable
{
    private const int Named = 5;
    private readonly SemaphoreSlim one = new(1, 1);
    private volatile bool released;

    /// <summary>Returns when the files are released.</summary>
    /// <param name="server">The server to check them on.</param>
    /// <exception cref="StepFailureException">They have faults: <c>product-invalid</c>. Or they cannot be checked now.</exception>
    public async Task EnsureAsync(string server, CancellationToken cancellationToken)
    {
        if (await ReleaseAsync(server, cancellationToken) is { Count: > 0 } faults)
        {
            throw StepFailureException.Permanent(
                "product-invalid", $"The product's files have faults: {string.Join(" ", faults.Take(Named))}",
                "Run 'Saga.Host check product', correct the files, restart the workers, then replay the operation.");
        }
    }

    /// <returns>What is wrong; empty when the files are released.</returns>
    /// <exception cref="StepFailureException">They cannot be checked now.</exception>
    public async Task<IReadOnlyList<string>> ReleaseAsync(string server, CancellationToken cancellationToken)
    {
        if (released)
            return [];
        await one.WaitAsync(cancellationToken);
        try
        {
            var known = await store.ListAsync(cancellationToken);
            if (Changed(known) is { Count: > 0 } changed)
                return changed;
            if (!product.IsSample && migrations.All.Any(m => known.All(k => k.Version != m.Version))
                && await check.RunAsync(server, cancellationToken) is { Count: > 0 } faults)
            {
                return [.. faults.Select(f => f.ToString())];
            }

            // Another process may have released other files meanwhile.
            changed = Changed(await store.AddAsync([.. migrations.All.Select(m => new ProductVersion(m.Version, m.Name, m.Checksum))], cancellationToken));
            released = changed.Count == 0;
            return changed;
        }
        finally
        {
            one.Release();
        }
    }

    /// <returns>A sentence for each file that is not the released one. Versions beyond the newest here belong to a newer worker and are fine.</returns>
    public IReadOnlyList<string> Changed(IReadOnlyList<ProductVersion> known) =>
    [
        .. from file in migrations.All
           join release in known on file.Version equals release.Version
           where file.Checksum != release.Checksum
           select file.Name == release.Name
               ? $"{ProductFiles.NameOf(file)} changed after it was released. Restore its text, and put the change into a new file."
               : $"{ProductFiles.NameOf(file)} takes the place of {release.Name}.sql, which was released. Saga:Product:Migrations must name the product that this installation began with.",
    ];

    public void Dispose() => one.Dispose();
}
