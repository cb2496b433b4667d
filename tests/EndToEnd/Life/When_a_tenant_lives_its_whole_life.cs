using System.Globalization;
using System.Net.Http.Json;
using Amazon.S3.Model;
using Saga.Contracts.Identifiers;
using Saga.Tests.EndToEnd.Moves;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Life;

/// <summary>
/// One tenant from its beginning to its end, over HTTP, on real servers. By default it has few rows and objects;
/// <c>SAGA_TEST_LIFE_ROWS=100000</c> gives it as many rows as that.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_tenant_lives_its_whole_life
{
    // As many as every plan allows.
    private const int Users = 40;
    private const int Objects = 20;
    private static readonly int Rows = int.TryParse(Environment.GetEnvironmentVariable("SAGA_TEST_LIFE_ROWS"), CultureInfo.InvariantCulture, out var rows) ? rows : 2_000;

    [Fact]
    public async Task Should_keep_everything_until_nothing_is_left_of_it()
    {
        var world = await World.SharedAsync();
        var other = await World.NewPostgresAsync();
        await using var site = await MoveSite.StartAsync(
            new SiteServer("main", world.Postgres.ConnectionString("postgres")), new SiteServer("other", other.ConnectionString("postgres")));
        await using var api = await SiteApi.StartAsync(site.Site);

        await api.EndedAsync("/api/v1/tenants", new { name = "Acme", slug = "acme", plan = "basic", adminEmail = "ada@acme.example" });
        var tenant = TenantId.Parse((await api.GetAsync("/api/v1/tenants/acme")).GetProperty("id").GetString()!);
        (await site.WhereAsync(tenant)).ShouldBe("row main basic");
        await site.FillAsync(tenant, users: Users, documents: Rows / Users);
        await PutObjectsAsync(site.Site, tenant);
        var rows = await site.RowsAsync(tenant);
        rows.ShouldStartWith($"{Rows} ");

        await api.EndedAsync("/api/v1/tenants/acme/migrate", new { targetPlan = "premium", isolation = "schema", migrationOptions = new { downtime = true } });
        (await site.WhereAsync(tenant)).ShouldBe("schema main premium");
        (await site.RowsAsync(tenant)).ShouldBe(rows);

        await api.EndedAsync("/api/v1/tenants/acme/migrate", new { targetPlan = "enterprise", isolation = "database", server = "other", migrationOptions = new { downtime = true } });
        (await site.WhereAsync(tenant)).ShouldBe("database other enterprise");
        (await site.RowsAsync(tenant)).ShouldBe(rows);

        await api.EndedAsync("/api/v1/tenants/acme/backup", new { includeObjects = true });
        var backup = (await api.GetAsync("/api/v1/tenants/acme/backups")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem().GetProperty("id").GetGuid();

        await site.DeleteDocumentsAsync(tenant);
        (await site.RowsAsync(tenant)).ShouldStartWith("0 ");
        await api.EndedAsync("/api/v1/tenants/acme/restore", new { backupId = backup, mode = "replace" });
        (await site.WhereAsync(tenant)).ShouldBe("database other enterprise");
        (await site.RowsAsync(tenant)).ShouldBe(rows);

        var open = await AccessFacts.ReadAsync(site.Site, tenant);
        open.IsOpen.ShouldBeTrue(open.ToString());
        await api.EndedAsync("/api/v1/tenants/acme/suspend", new { reason = "The bill is not paid.", code = "nonPayment" });
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
        await api.EndedAsync("/api/v1/tenants/acme/reactivate", new { });
        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(open);

        await api.EndedAsync("/api/v1/tenants/acme/deprovision", new { confirm = "acme", backup = true, graceDays = 7 });
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
        (await api.GetAsync("/api/v1/tenants/acme")).GetProperty("status").GetString().ShouldBe("suspended");
        await api.EndedAsync("/api/v1/tenants/acme/deprovision/cancel", new { });
        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(open);
        (await site.RowsAsync(tenant)).ShouldBe(rows);

        await api.EndedAsync("/api/v1/tenants/acme/deprovision", new { confirm = "acme", backup = true, graceDays = 0, confirmNoGrace = "acme" });
        await Until.TrueAsync(
            () => site.ScalarAsync<bool>("select exists (select from operations where kind = 'remove' and state in ('completed', 'stalled'))"), "the removal ends", TimeSpan.FromMinutes(4));

        (await site.ScalarAsync<string>("select state from operations where kind = 'remove'")).ShouldBe("completed");
        // Lists every server: whatever belongs to a tenant that is gone counts as a difference.
        await ExternalState.CompareAsync(site.Site);
        (await site.ScalarAsync<string>("select string_agg(distinct state, ' ') from placements")).ShouldBe("gone");
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from operation_scopes) + (select count(*) from tenant_keys)")).ShouldBe(0);
        var certificate = await api.GetAsync($"/api/v1/tenants/{tenant}/certificate");
        certificate.GetProperty("plan").GetString().ShouldBe("enterprise");
        var removed = certificate.GetProperty("removed").EnumerateArray().ToLookup(r => r.GetProperty("resource").GetString()!);
        // The places that were kept after the moves and the restore are among them.
        string.Join(' ', removed.Select(r => r.Key).Order(StringComparer.Ordinal)).ShouldBe("cache database exports objects organization rows schema", certificate.ToString());
        removed["objects"].Single().GetProperty("counts").GetProperty("objects").GetInt64().ShouldBeGreaterThanOrEqualTo(Objects, certificate.ToString());
        var kept = certificate.GetProperty("kept");
        (kept.GetProperty("backups").GetInt64(), kept.GetProperty("backupKeys").GetInt64()).ShouldBe((2, 1), "a backup of its life and the final one, with the tenant's key");
        // The backups are kept for 90 days. Until 31 days later, backups of the registry have their key.
        var deleted = certificate.GetProperty("deletedAt").GetDateTimeOffset();
        kept.GetProperty("expireAt").GetDateTimeOffset().ShouldBe(deleted.AddDays(90));
        kept.GetProperty("registryBackupsExpireAt").GetDateTimeOffset().ShouldBe(deleted.AddDays(121));
        kept.GetProperty("keysDestroyedAt").GetDateTimeOffset().ShouldBe(deleted.AddDays(121), "the later one of both");
        certificate.GetProperty("finalBackup").GetProperty("manifestSha256").GetString()!.Length.ShouldBe(64);
        using var again = await api.Http.PostAsJsonAsync("/api/v1/tenants", new { name = "Acme", slug = "acme", plan = "basic", adminEmail = "ada@acme.example" });
        again.StatusCode.ShouldBe(System.Net.HttpStatusCode.Conflict, "its names are reserved");
    }

    private static async Task PutObjectsAsync(Site site, TenantId tenant)
    {
        using var client = site.World.S3.Client();
        for (var i = 0; i < Objects; i++)
            await client.PutObjectAsync(new PutObjectRequest { BucketName = site.Bucket, Key = string.Create(CultureInfo.InvariantCulture, $"tenants/{tenant}/photos/{i}.txt"), ContentBody = $"photo {i}" });
    }
}
