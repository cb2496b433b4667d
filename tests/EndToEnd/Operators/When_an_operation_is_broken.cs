using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Operators;

/// <summary>
/// Ten operations are broken in ten ways. Each is explained and repaired over the API with at most five calls, and these are the ones that its page in
/// docs/runbooks lists.
/// </summary>
[Collection(Alone.Name)]
[InTurn(4, of: 6)]
public sealed partial class When_an_operation_is_broken(BrokenSite broken) : IClassFixture<BrokenSite>, IAsyncDisposable
{
    private const int MostCalls = 5;
    private readonly string slug = $"broken-{Guid.NewGuid().ToString("n")[..8]}";
    private PlatformOperator? ada;

    private Site Site => broken.Site;

    private PlatformOperator Ada => ada ??= new(broken.Api.Http, slug);

    public ValueTask DisposeAsync()
    {
        broken.BeforeStep = null;
        broken.Forbidden.Clear();
        Site.MailAnswer = null;
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Should_be_repaired_when_the_slug_is_taken_in_Keycloak()
    {
        Site.Keycloak.Add(new StubOrganization { Id = Guid.NewGuid().ToString(), Alias = slug, Name = "By hand" });
        var id = await ProvisionAsync("compensated");

        Explains(await Ada.GetAsync(Operation(id)), "organization-taken");
        var plan = await Ada.PostAsync(Operation(id) + "/replay?dryRun=true", new { reason = "The slug is somebody else's.", input = new { slug = slug + "-2" } });
        plan.GetProperty("steps").EnumerateArray().ShouldAllBe(s => s.GetProperty("action").GetString() == "runs");
        var replay = await Ada.PostAsync(Operation(id) + "/replay", new { reason = "The slug is somebody else's.", input = new { slug = slug + "-2" } });
        await Ada.FollowAsync(Operation(replay));

        HasFollowed("slug-taken");
    }

    [Fact]
    public async Task Should_be_repaired_when_the_database_is_dropped_under_a_running_restore()
    {
        await ProvisionAsync("completed", "enterprise");
        await broken.Api.EndedAsync($"/api/v1/tenants/{slug}/backup", new { });
        var backup = (await broken.Api.GetAsync($"/api/v1/tenants/{slug}/backups")).GetProperty("items")[0].GetProperty("id").GetGuid();
        broken.BeforeStep = (context, call) =>
        {
            if (context.Step == StepNames.RestoreRows && call == 1)
                DropRestoredAsync(context.OperationId).GetAwaiter().GetResult();
        };
        var failed = await broken.Api.EndedAsync($"/api/v1/tenants/{slug}/restore", new { backupId = backup, mode = "beside" }, "compensated");

        Explains(await Ada.GetAsync(Operation(failed)), "database-missing");
        var replay = await Ada.PostAsync(Operation(failed) + "/replay", new { reason = "Somebody dropped the database." });
        await Ada.FollowAsync(Operation(replay));

        HasFollowed("restored-database-dropped");
    }

    [Fact]
    public async Task Should_be_repaired_when_a_credential_has_expired()
    {
        await ProvisionAsync("completed", "enterprise");
        var login = await broken.RegistryAsync<string>("select login from placements p join tenants t on t.id = p.tenant_id where t.slug = @slug", new { slug });
        await broken.ExecuteAsync(BrokenSite.Main, $"alter role \"{login}\" valid until '2020-01-01'");
        var verification = await broken.Api.EndedAsync($"/api/v1/tenants/{slug}/verify", new { });

        var seen = await Ada.GetAsync(Operation(verification));
        seen.OutputOf(StepNames.CheckTenant).GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "database")
            .GetProperty("failure").GetProperty("code").GetString().ShouldBe("database-login-refused");
        var rotation = await Ada.PostAsync($"/api/v1/tenants/{slug}/rotate-credentials", new { what = new[] { "database" } });
        await Ada.FollowAsync(Operation(rotation));
        var again = await Ada.PostAsync($"/api/v1/tenants/{slug}/verify", new { });
        (await Ada.FollowAsync(Operation(again))).OutputOf(StepNames.CheckTenant).GetProperty("passed").GetBoolean().ShouldBeTrue();

        HasFollowed("credential-expired");
    }

    [Fact]
    public async Task Should_be_repaired_when_the_server_is_full()
    {
        await ProvisionAsync("completed", "premium");
        var other = $"{slug}-other";
        await ProvisionAsync("completed", "premium", other);
        var id = await broken.TenantAsync(slug);
        using var full = new ManualResetEventSlim();
        broken.BeforeStep = (context, _) =>
        {
            if (context.Step == StepNames.ReserveMove && context.TenantId == id)
                full.Wait(WaitLimit.Minutes(2));
        };
        var move = new { server = BrokenSite.Small, migrationOptions = new { downtime = true } };
        var waiting = await broken.Api.AcceptedAsync($"/api/v1/tenants/{slug}/migrate", move);
        // Another tenant is faster.
        await broken.Api.EndedAsync($"/api/v1/tenants/{other}/migrate", move);
        full.Set();
        await broken.Api.Http.RestsAsync(Operation(waiting), "compensated");

        Explains(await Ada.GetAsync(Operation(waiting)), "server-full");
        var servers = (await Ada.GetAsync("/api/v1/servers")).GetProperty("items").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);
        servers.Keys.ShouldContain(BrokenSite.Spare);
        var input = new { server = BrokenSite.Spare };
        (await Ada.PostAsync(Operation(waiting) + "/replay?dryRun=true", new { reason = "There is no room.", input })).TryGetProperty("refusal", out _).ShouldBeFalse();
        var replay = await Ada.PostAsync(Operation(waiting) + "/replay", new { reason = "There is no room.", input });
        await Ada.FollowAsync(Operation(replay));

        HasFollowed("server-full");
    }

    [Fact]
    public async Task Should_be_repaired_when_the_mail_is_refused()
    {
        Site.MailAnswer = "550 5.1.1 No such user";
        var id = await ProvisionAsync("stalled");

        Explains(await Ada.GetAsync(Operation(id)), "smtp-refused");
        var skip = new[] { new { step = StepNames.Notify, reason = "They were told by telephone." } };
        var plan = await Ada.PostAsync(Operation(id) + "/replay?dryRun=true", new { reason = "The address does not exist.", skip });
        await Ada.PostAsync(Operation(id) + "/replay", new { reason = "The address does not exist.", skip, plan = plan.GetProperty("plan").GetString() });
        var ended = await Ada.FollowAsync(Operation(id), seen => seen.GetProperty("replay").TryGetProperty("lookedAt", out _), "completed");
        ended.GetProperty("replay").GetProperty("stage").GetString().ShouldBe("verified", ended.ToString());

        HasFollowed("mail-refused");
    }

    [Fact]
    public async Task Should_be_repaired_when_a_worker_hangs()
    {
        using var hanging = new ManualResetEventSlim();
        using var free = new ManualResetEventSlim();
        broken.BeforeStep = (context, call) =>
        {
            if (context.Tenant.Slug.ToString() == slug && context.Step == StepNames.Storage && call == 1 && !hanging.IsSet)
            {
                hanging.Set();
                free.Wait(WaitLimit.Minutes(4));
            }
        };
        try
        {
            var id = await broken.Api.AcceptedAsync("/api/v1/tenants", Body("basic"));
            hanging.Wait(WaitLimit.Minutes(1)).ShouldBeTrue();

            var seen = await Ada.GetAsync(Operation(id));
            seen.GetProperty("pending").EnumerateArray().ShouldContain(p => p.ToString().Contains(StepNames.Storage, StringComparison.Ordinal), seen.ToString());
            await Ada.PostAsync(Operation(id) + "/cancel", new { reason = "The worker does not answer." });
            await Ada.FollowAsync(Operation(id), "cancelled");
            var replay = await Ada.PostAsync(Operation(id) + "/replay", new { reason = "Another worker does it." });
            await Ada.FollowAsync(Operation(replay));
        }
        finally
        {
            free.Set();
        }

        HasFollowed("worker-hangs");
    }

    [Fact]
    public async Task Should_be_repaired_when_the_organisation_is_deleted_by_hand()
    {
        broken.BeforeStep = (context, _) =>
        {
            if (context.Tenant.Slug.ToString() == slug && context.Step == StepNames.Administrator && Site.Keycloak.Organizations.FirstOrDefault(o => o.Alias == slug) is { } organization)
            {
                broken.BeforeStep = null;
                Site.Keycloak.Remove(organization);
            }
        };
        var id = await ProvisionAsync("compensated");

        Explains(await Ada.GetAsync(Operation(id)), "organization-missing");
        var replay = await Ada.PostAsync(Operation(id) + "/replay", new { reason = "Somebody deleted the organisation." });
        await Ada.FollowAsync(Operation(replay));

        HasFollowed("organization-deleted");
    }

    [Fact]
    public async Task Should_be_repaired_when_the_template_is_missing()
    {
        await broken.ExecuteAsync(BrokenSite.Main, "do $$ declare d text; begin for d in select datname from pg_database where datname like 'saga\\_%' and datistemplate loop execute format('alter database %I rename to %I', d, 'away_' || d); end loop; end $$");
        JsonElement id;
        try
        {
            id = await ProvisionAsync("compensated", "enterprise");

            Explains(await Ada.GetAsync(Operation(id)), "server-not-prepared");
        }
        finally
        {
            // What Saga.Host prepare-server does, in short.
            await broken.ExecuteAsync(BrokenSite.Main, "do $$ declare d text; begin for d in select datname from pg_database where datname like 'away\\_saga\\_%' loop execute format('alter database %I rename to %I', d, substring(d from 6)); end loop; end $$");
        }

        var replay = await Ada.PostAsync(Operation(id) + "/replay", new { reason = "The server is prepared again." });
        await Ada.FollowAsync(Operation(replay));

        HasFollowed("template-missing");
    }

    [Fact]
    public async Task Should_be_repaired_when_a_policy_of_the_bucket_refuses_writes()
    {
        broken.BeforeStep = (context, _) =>
        {
            if (context.Step == StepNames.Storage)
                broken.Forbidden.Add(context.TenantId.ToString());
        };
        await ProvisionAsync("compensated");
        await ProvisionAsync("compensated", slugged: slug + "-2");
        broken.BeforeStep = null;
        broken.Forbidden.Clear();

        var groups = await Ada.GetAsync("/api/v1/operations/failures?kind=provision");
        var group = groups.GetProperty("items").EnumerateArray().First(g => g.GetProperty("code").GetString() == "s3-access-denied");
        group.GetProperty("count").GetInt32().ShouldBe(2);
        var batch = await Ada.PostAsync("/api/v1/replays", new { filter = new { state = "compensated", code = "s3-access-denied" }, reason = "The policy is right again.", action = new { } });
        var running = await Ada.PostAsync($"/api/v1/batches/{batch.GetProperty("id").GetGuid()}/run", null);
        await Ada.FollowAsync(Operation(running));
        (await Ada.GetAsync($"/api/v1/batches/{batch.GetProperty("id").GetGuid()}")).GetProperty("items").GetProperty("succeeded").GetInt32().ShouldBe(2);

        HasFollowed("bucket-policy");
    }

    [Fact]
    public async Task Should_be_repaired_when_the_input_cannot_work()
    {
        Site.Keycloak.Add(new StubUser { Id = Guid.NewGuid().ToString(), Username = $"admin@{slug}.example", Email = $"admin@{slug}.example" });
        var id = await ProvisionAsync("compensated");

        Explains(await Ada.GetAsync(Operation(id)), "user-unverified");
        var input = new { adminEmail = $"owner@{slug}.example" };
        (await Ada.PostAsync(Operation(id) + "/replay?dryRun=true", new { reason = "The first address is a stranger's.", input })).GetProperty("command").GetProperty("adminEmail").GetString().ShouldBe(input.adminEmail);
        var replay = await Ada.PostAsync(Operation(id) + "/replay", new { reason = "The first address is a stranger's.", input });
        await Ada.FollowAsync(Operation(replay));

        HasFollowed("input-wrong");
    }

    private static string Operation(JsonElement operation) => $"/api/v1/operations/{operation.GetProperty("id").GetGuid()}";

    private object Body(string plan, string? slugged = null) => new { name = slugged ?? slug, slug = slugged ?? slug, plan, adminEmail = $"admin@{slugged ?? slug}.example" };

    private Task<JsonElement> ProvisionAsync(string state, string plan = "basic", string? slugged = null) => broken.Api.EndedAsync("/api/v1/tenants", Body(plan, slugged), state);

    private async Task DropRestoredAsync(Guid operation)
    {
        var database = await broken.RegistryAsync<string>("select database from restored_databases where operation_id = @operation", new { operation });
        await broken.ExecuteAsync(BrokenSite.Main, $"drop database \"{database}\" with (force)");
    }

    // The failure says what to do, and where more is written about it.
    private static void Explains(JsonElement operation, string code)
    {
        var failure = operation.GetProperty("failure");
        failure.GetProperty("code").GetString().ShouldBe(code, operation.ToString());
        failure.TryGetProperty("remedy", out _).ShouldBeTrue(failure.ToString());
        failure.GetProperty("help").GetString().ShouldBe($"/docs/failures/{code}");
    }

    private void HasFollowed(string runbook)
    {
        Ada.Calls.Count.ShouldBeLessThanOrEqualTo(MostCalls);
        var page = Path.Combine(Root(), "docs", "runbooks", runbook + ".md");
        Call().Matches(File.ReadAllText(page)).Select(m => m.Groups["call"].Value).ShouldBe(Ada.Calls);
    }

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    [GeneratedRegex(@"^\d+\. `(?<call>(?:GET|POST) [^` ]+)", RegexOptions.CultureInvariant | RegexOptions.Multiline, 1000)]
    private static partial Regex Call();
}
