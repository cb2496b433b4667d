using System.Net;
using Dapper;
using Npgsql;
using Saga.Tests.Integration.Product;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

/// <summary>The clinic instead of the sample, as docs/product.md says.</summary>
[Collection(OneHostAtATime.Name)]
public sealed class When_the_host_has_the_teams_own_product : IDisposable
{
    private const string Setting = "Saga:Product:Migrations";
    private readonly string folder = HostProcess.NewFolder();

    [Fact]
    public async Task Should_bring_tenants_of_every_tier_to_active_with_a_seed_and_without()
    {
        (string Slug, string Plan, string Isolation, int Practitioners)[] wanted =
            [("row-seed", "basic", "row", 1), ("row-none", "premium", "row", 0), ("schema-seed", "custom", "schema", 2), ("database-none", "enterprise", "database", 0)];
        await using var host = HostProcess.Start(folder, "--Saga:Demo:Enabled=false", $"--{Setting}={ProductFolders.Clinic}");
        using var api = await HostApi.SignInAsync(host);

        foreach (var (slug, plan, isolation, _) in wanted)
        {
            using var accepted = await api.PostTenantAsync(slug, plan, isolation);
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
            // The stream ends with the operation.
            (await api.GetStringAsync(accepted.Headers.Location + "/events")).ShouldContain("event: completed", customMessage: slug);
        }

        foreach (var (slug, _, isolation, practitioners) in wanted)
            (await SeenAsync(slug)).ShouldBe(("active", isolation, practitioners, 3L), slug);
    }

    [Fact]
    public async Task Should_be_checked_by_a_command_that_prints_faults_and_says_so_by_its_exit_code()
    {
        using var folders = new ProductFolders();
        var broken = folders.ClinicOf(files: 2);
        await File.WriteAllTextAsync(Path.Combine(broken, "0003_rooms.sql"), "\ncreate table rooms (id int primary key);\n");
        await File.WriteAllTextAsync(Path.Combine(broken, "seed", "gold.sql"), "select 1");

        using var good = Check(ProductFolders.Clinic);
        (await good.EndsAsync()).ShouldBe(0, good.Output + good.Errors);
        using var bad = Check(broken);
        (await bad.EndsAsync()).ShouldBe(1, bad.Output + bad.Errors);

        good.Output.Trim().ShouldBe($"3 files of {ProductFolders.Clinic}: nothing is known to be wrong.");
        bad.Output.Trim().Split('\n').ShouldBe(
            [
                "fault  seed/gold.sql: There is no plan 'gold', so no tenant would get these rows. The plans are basic, custom, enterprise, premium.",
                "fault  0003_rooms.sql:2: Table rooms has no column tenant_id. Add it, or put the comment -- saga: reference before CREATE TABLE if its rows belong to no tenant.",
                "2 faults.",
            ]);
        HostProcess.ProcessesOf(folder).ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private ProgramProcess Check(string product) => new("Saga.Host", [new("Saga:Data", folder), new(Setting, product)], "check", "product");

    // The tenant's status and tier, how many rows its seed wrote, and how many kinds of appointments it finds.
    private async Task<(string Status, string Isolation, long Practitioners, long Kinds)> SeenAsync(string slug)
    {
        await using var registry = new NpgsqlConnection(HostDatabase.Address(folder, "saga"));
        var (id, status, tier, database, schema) = await registry.QuerySingleAsync<(Guid, string, string, string, string)>(
            "select t.id, t.status, t.tier, p.database, p.schema from tenants t join placements p on p.tenant_id = t.id and p.state = 'current' where t.slug = @slug", new { slug });
        await using var place = new NpgsqlConnection(HostDatabase.Address(folder, database));
        return (status, tier, await place.ExecuteScalarAsync<long>($"select count(*) from \"{schema}\".practitioners where tenant_id = @id", new { id }),
            await place.ExecuteScalarAsync<long>($"select count(*) from \"{schema}\".appointment_kinds"));
    }
}
