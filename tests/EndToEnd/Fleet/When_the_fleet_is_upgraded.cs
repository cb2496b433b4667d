using System.Net;
using System.Net.Http.Json;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Fleet;

/// <summary>Over HTTP, on real servers.</summary>
[Collection(Alone.Name)]
public sealed class When_the_fleet_is_upgraded
{
    private const string Rows = "select string_agg(id || ' ' || words, ', ' order by id) from notes where tenant_id = @tenant";
    private const string Today = "select string_agg(id || ' ' || words || ' ' || stars, ', ' order by id) from notes where tenant_id = @tenant";
    private const string Version = "select max(version)::text from schema_migrations";

    [Fact]
    [InTurn(0, of: 3)]
    public async Task Should_back_up_each_tenant_first_and_bring_its_former_rows_back_in_todays_tables()
    {
        await using var fleet = await FleetSite.StartAsync();
        await fleet.ReleaseAsync();
        var batch = await fleet.PrepareAsync(new { targetVersion = 2, backupFirst = true, wave = new { first = 2 }, reason = "The new version." });

        await fleet.Api.EndedAsync($"{batch}/run", new { });

        (await fleet.ItemsAsync(batch)).ShouldSatisfyAllConditions(items => items.ShouldContain("bolt - succeeded -"), items => items.ShouldContain("dune - succeeded -"));
        var backups = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var item in (await fleet.Api.GetAsync($"{batch}/items")).GetProperty("items").EnumerateArray())
            backups[item.GetProperty("place").GetProperty("tier").GetString() == "schema" ? "bolt" : "dune"] = item.GetProperty("backupId").GetGuid();
        foreach (var (slug, backup) in backups)
        {
            // The application of the new version has changed what was there.
            (await fleet.InAsync(slug, Version)).ShouldBe("2");
            await fleet.InAsync(slug, "delete from notes where tenant_id = @tenant and id > 1; update notes set words = 'changed', stars = 5 where tenant_id = @tenant; insert into notes (tenant_id, id, words) values (@tenant, 9, 'new')");

            await fleet.Api.EndedAsync($"/api/v1/tenants/{slug}/restore", new { backupId = backup, mode = "replace" });

            (await fleet.InAsync(slug, Today)).ShouldBe("1 note 1 3, 2 note 2 3, 3 note 3 3", slug);
            (await fleet.InAsync(slug, Version)).ShouldBe("2");
        }

        (await fleet.Api.GetAsync("/api/v1/fleet/versions")).GetProperty("items").GetArrayLength().ShouldBe(0, "nobody lags behind");
    }

    [Fact]
    [InTurn(1, of: 3)]
    public async Task Should_upgrade_nobody_while_a_rehearsal_fails_and_everybody_once_it_is_mended()
    {
        await using var fleet = await FleetSite.StartAsync();
        await fleet.InAsync("dune", "update notes set words = 'much longer than the next version allows' where tenant_id = @tenant and id = 2");
        await fleet.ReleaseAsync();
        var batch = await fleet.PrepareAsync(new { targetVersion = 2, rehearse = new { tenants = new[] { "bolt", "dune" } }, wave = new { first = 2 }, reason = "The new version." });

        using var run = await fleet.Api.Http.PostAsJsonAsync($"{batch}/run", new { });
        run.StatusCode.ShouldBe(HttpStatusCode.Accepted, await run.Content.ReadAsStringAsync());
        var operation = run.Headers.Location!.ToString();
        var paused = await fleet.UntilAsync(batch, "paused");
        paused.GetProperty("pauseCode").GetString().ShouldBe("rehearsal-failed");
        paused.GetProperty("pauseReason").GetString().ShouldStartWith("The rehearsal of tenant 'dune' failed: postgresql-23514: ");
        await Until.TrueAsync(async () => await fleet.ItemsAsync(batch) == "bolt 1 succeeded -, dune 1 failed postgresql-23514, bolt - pending -, dune - pending -", "the other rehearsal ends");
        foreach (var slug in new[] { "bolt", "dune" })
            (await fleet.InAsync(slug, Version)).ShouldBe("1", slug);
        (await fleet.CopiesAsync()).ShouldBe(0);
        // The copy that was rehearsed can be restored, and of the other one nothing is left.
        var states = new List<string?>();
        foreach (var slug in new[] { "bolt", "dune" })
            states.Add((await fleet.Api.GetAsync($"/api/v1/tenants/{slug}/backups")).GetProperty("items").EnumerateArray().Single().GetProperty("state").GetString());
        states.ShouldBe(["completed", "failed"]);

        // Meanwhile somebody upgrades the one that is good.
        var other = await fleet.PrepareAsync(new { targetVersion = 2, tenants = new[] { "bolt" }, reason = "It is good." });
        await fleet.Api.EndedAsync($"{other}/run", new { });
        (await fleet.InAsync("bolt", Version)).ShouldBe("2");
        (await fleet.InAsync("dune", Version)).ShouldBe("1");

        await fleet.InAsync("dune", "update notes set words = 'short' where tenant_id = @tenant and id = 2");
        using var resumed = await fleet.Api.Http.PostAsJsonAsync($"{batch}/resume", new { reason = "The note is short now." });
        resumed.StatusCode.ShouldBe(HttpStatusCode.OK, await resumed.Content.ReadAsStringAsync());
        await fleet.Api.Http.RestsAsync(operation, "completed");

        (await fleet.ItemsAsync(batch)).ShouldBe("bolt 1 succeeded -, dune 2 succeeded -, bolt - succeeded -, dune - succeeded -");
        (await fleet.InAsync("dune", Version)).ShouldBe("2");
        (await fleet.InAsync("dune", Rows)).ShouldBe("1 note 1, 2 short, 3 note 3");
        (await fleet.CopiesAsync()).ShouldBe(0);
    }
}
