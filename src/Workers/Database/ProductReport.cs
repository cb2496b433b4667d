using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Plans;
using Saga.Registry.Products;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Product.Check;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database;

/// <summary>What a check of the product's files found.</summary>
/// <param name="Files">For people: which files were checked.</param>
/// <param name="Faults">What is wrong, one line each, with file and line where there are any.</param>
/// <param name="NotChecked">What could not be checked, and why; empty when everything was.</param>
public sealed record ProductReport(string Files, IReadOnlyList<string> Faults, IReadOnlyList<string> NotChecked)
{
    /// <summary>
    /// Checks the text of the files, compares them with the released ones, and runs them in a scratch database of the first configured server
    /// that answers. Changes nothing else.
    /// </summary>
    public static async Task<ProductReport> OfAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(configuration).AddDatabaseServers(configuration).AddProduct(configuration)
            .AddSingleton<ProductVersionStore>().AddSingleton<PlanStore>().AddSingleton<SeedPlans>().AddSingleton<ProductCheck>().AddSingleton<ProductRelease>().BuildServiceProvider();
        ProductFiles product;
        try
        {
            product = services.GetRequiredService<ProductFiles>();
        }
        catch (OptionsValidationException e)
        {
            return new ProductReport("", [.. e.Failures], ["The files were not run, because of the faults in their text."]);
        }

        var folder = services.GetRequiredService<IOptions<ProductOptions>>().Value.Migrations;
        var files = product.IsSample ? "The sample product" : FormattableString.Invariant($"{product.Migrations.All.Count} files of {folder}");
        var (faults, left) = (new List<string>(), new List<string>());
        await CompareAsync(services, faults, left, cancellationToken);
        await RunAsync(services, faults, left, cancellationToken);
        return new ProductReport(files, faults, left);
    }

    private static async Task CompareAsync(IServiceProvider services, List<string> faults, List<string> left, CancellationToken cancellationToken)
    {
        try
        {
            faults.AddRange((await services.GetRequiredService<SeedPlans>().FindAsync(cancellationToken)).Select(f => f.ToString()));
            faults.AddRange(services.GetRequiredService<ProductRelease>().Changed(await services.GetRequiredService<ProductVersionStore>().ListAsync(cancellationToken)));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            // A registry that no program of this version has started with: nothing is released, and its plans are not known.
        }
        catch (Exception e) when (e is NpgsqlException or OptionsValidationException)
        {
            left.Add($"Whether released files changed and whether every seed's plan exists, because the registry cannot be asked: {e.Message}");
        }
    }

    private static async Task RunAsync(IServiceProvider services, List<string> faults, List<string> left, CancellationToken cancellationToken)
    {
        try
        {
            var servers = services.GetRequiredService<DatabaseServers>();
            foreach (var server in servers.Names)
            {
                try
                {
                    faults.AddRange((await services.GetRequiredService<ProductCheck>().RunAsync(server, cancellationToken)).Select(f => f.ToString()));
                    return;
                }
                catch (StepFailureException e)
                {
                    left.Add($"The files were not run on server '{server}': {e.Failure.Message}");
                }
            }
        }
        catch (OptionsValidationException e)
        {
            left.Add($"The files were not run: {string.Join(" ", e.Failures)}");
        }
    }
}
