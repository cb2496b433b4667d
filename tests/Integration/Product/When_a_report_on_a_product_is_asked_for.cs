using Microsoft.Extensions.Configuration;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Product;

/// <summary>What <c>Saga.Host check product</c> prints.</summary>
public sealed class When_a_report_on_a_product_is_asked_for(OwnServer server) : IClassFixture<OwnServer>
{
    private const string Nowhere = "Host=127.0.0.1;Port=1;Username=x;Password=x;Database=x;Timeout=2";

    [Fact]
    public async Task Should_find_nothing_in_the_clinic()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();

        var report = await ReportAsync(ProductFolders.Clinic, registry.ConnectionString, TestProvisioner.On(server.ConnectionString));

        report.ShouldSatisfyAllConditions(
            r => r.Faults.ShouldBeEmpty(), r => r.NotChecked.ShouldBeEmpty(), r => r.Files.ShouldBe($"3 files of {ProductFolders.Clinic}"));
    }

    [Fact]
    public async Task Should_name_faults_of_the_text_with_file_and_line()
    {
        using var folders = new ProductFolders();

        var report = await ReportAsync(folders.Of(("0001_a.sql", "select 1;\ncreate role x")), Nowhere, Nowhere);

        report.Faults.ShouldHaveSingleItem().ShouldStartWith("Saga:Product:Migrations: 0001_a.sql:2: Roles are the platform's");
    }

    [Fact]
    public async Task Should_name_a_seed_of_a_plan_that_does_not_exist()
    {
        using var folders = new ProductFolders();
        await using var registry = await PostgresServer.NewRegistryAsync();
        var folder = folders.ClinicOf(files: 3);
        File.Move(Path.Combine(folder, "seed", "basic.sql"), Path.Combine(folder, "seed", "basik.sql"));

        var report = await ReportAsync(folder, registry.ConnectionString, TestProvisioner.On(server.ConnectionString));

        report.Faults.ShouldHaveSingleItem().ShouldStartWith("seed/basik.sql: There is no plan 'basik', so no tenant would get these rows. The plans are basic, ");
    }

    [Fact]
    public async Task Should_say_what_could_not_be_checked()
    {
        var report = await ReportAsync(ProductFolders.Clinic, Nowhere, Nowhere);

        report.Faults.ShouldBeEmpty();
        report.NotChecked.ShouldContain(n => n.StartsWith("Whether released files changed", StringComparison.Ordinal));
        report.NotChecked.ShouldContain(n => n.StartsWith("The files were not run on server 'main'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_name_a_released_file_that_changed()
    {
        using var folders = new ProductFolders();
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using (await DatabaseWorld.CreateAsync(registry, server: server.ConnectionString, settings: ("Saga:Product:Migrations", ProductFolders.Clinic)))
        {
            var changed = folders.ClinicOf(files: 3);
            await File.AppendAllTextAsync(Path.Combine(changed, "0003_invoices.sql"), "\n-- changed\n");

            var report = await ReportAsync(changed, registry.ConnectionString, TestProvisioner.On(server.ConnectionString));

            report.Faults.ShouldHaveSingleItem().ShouldStartWith("0003_invoices.sql changed after it was released.");
        }
    }

    private static Task<ProductReport> ReportAsync(string folder, string registry, string databases) => ProductReport.OfAsync(
        new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Product:Migrations", folder), new("Saga:Registry:ConnectionString", registry), new("Saga:Databases:Servers:main:ConnectionString", databases),
        ]).Build(), default);
}
