using System.Net.Http.Json;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_export_is_downloaded : ApiTest
{
    private const string Export = "019a0000-0000-7000-8000-000000000001";
    private readonly string folder = Directory.CreateTempSubdirectory("saga-exports-").FullName;

    protected override async Task<ApiServer> StartAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder, "exports"));
        await File.WriteAllTextAsync(Path.Combine(folder, "exports", "f.zip"), "hello");
        var server = await ApiServer.StartAsync(settings: [("Saga:Storage:Adapter", "folder"), ("Saga:Storage:Folder:Path", folder)]);
        await SeedAsync(server);
        return server;
    }

    [Fact]
    public async Task Should_give_a_link_that_needs_no_token_and_tell_the_audit_log_alone()
    {
        using var anonymous = Server.Client(null);

        using var response = await LinkAsync(Server);

        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var link = await ApiServer.JsonAsync(response);
        (link.GetProperty("bytes").GetInt64(), link.GetProperty("sha256").GetString()).ShouldBe((5, "0a0b"));
        var url = link.GetProperty("url").GetString()!;
        using var file = await anonymous.GetAsync(url);
        (await file.Content.ReadAsStringAsync()).ShouldBe("hello");
        (file.Content.Headers.ContentType!.MediaType, file.Content.Headers.ContentDisposition!.FileName).ShouldBe(("application/zip", $"acme-{Export}.zip"));
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'exportId') || ' ' || (detail ->> 'reason') from audit where action = 'export.link'")).ShouldBe($"ada {Export} Article 20.");
        var secret = url.Split("signature=")[1];
        (await Server.QueryAsync<long>($"select count(*) from audit a where a::text like '%{secret}%'")).ShouldBe(0);
        // The programs do not log the framework's lines about each request.
        Server.Logs.All.Where(l => !l.StartsWith("1 Request starting", StringComparison.Ordinal) && !l.StartsWith("2 Request finished", StringComparison.Ordinal))
            .ShouldAllBe(l => !l.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_refuse_a_link_that_was_changed_or_has_expired()
    {
        using var anonymous = Server.Client(null);
        var url = (await ApiServer.JsonAsync(await LinkAsync(Server))).GetProperty("url").GetString()!;
        var expires = url.Split("expires=")[1].Split('&')[0];

        foreach (var wrong in new[] { url.Replace($"expires={expires}", $"expires={expires}0", StringComparison.Ordinal), url + "0", url.Split('?')[0], url.Replace(Export, Guid.NewGuid().ToString(), StringComparison.Ordinal) })
        {
            using var refused = await anonymous.GetAsync(wrong);
            await ProblemAsync(refused, 403, "export-link-invalid");
        }

        Server.Clock.Advance(TimeSpan.FromMinutes(16));
        using var late = await anonymous.GetAsync(url);
        ((int)late.StatusCode).ShouldBe(403);
    }

    [Fact]
    public async Task Should_give_no_link_beyond_the_end_of_the_file_or_to_one_that_is_not_there()
    {
        await Server.ExecuteAsync("update exports set expires_at = now() + interval '1 minute'");
        var expires = (await ApiServer.JsonAsync(await LinkAsync(Server))).GetProperty("expiresAt").GetDateTimeOffset();
        await Server.ExecuteAsync("update exports set expires_at = now() - interval '1 day'");
        using var expired = await LinkAsync(Server);
        await Server.ExecuteAsync("update exports set state = 'removed'");
        using var removed = await LinkAsync(Server);
        using var viewer = await LinkAsync(Server, Server.Viewer);
        using var unknown = await Server.Admin.PostAsJsonAsync($"/api/v1/exports/{Guid.NewGuid()}/link", new { reason = "x" });
        using var silent = await Server.Admin.PostAsJsonAsync($"/api/v1/exports/{Export}/link", new { reason = " " });

        (expires - Server.Clock.GetUtcNow()).ShouldBeLessThan(TimeSpan.FromMinutes(2));
        await ProblemAsync(expired, 409, "export-state");
        await ProblemAsync(removed, 409, "export-state");
        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(unknown, 404, "export-not-found");
        await ProblemAsync(silent, 422, "validation");
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'export.link'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_what_the_Api_lacks_for_links()
    {
        await using var server = await ApiServer.StartAsync();
        await SeedAsync(server);

        using var response = await LinkAsync(server);

        (await ProblemAsync(response, 503, "export-links-unavailable")).GetProperty("detail").GetString()!.ShouldContain("Saga:Storage");
        (await server.QueryAsync<long>("select count(*) from audit where action = 'export.link'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_lead_to_the_S3_server_for_a_while()
    {
        var s3 = await S3Server.SharedAsync();
        var bucket = S3Server.NewBucket();
        using var client = s3.Client();
        await client.PutBucketAsync($"{bucket}-exports");
        await client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest { BucketName = $"{bucket}-exports", Key = "f.zip", ContentBody = "hello", UseChunkEncoding = false });
        await using var server = await ApiServer.StartAsync(settings:
        [
            ("Saga:Storage:Adapter", "s3"), ("Saga:Storage:S3:ServiceUrl", s3.Url), ("Saga:Storage:S3:Bucket", bucket), ("Saga:Storage:S3:AccessKey", s3.AccessKey),
            ("Saga:Storage:S3:SecretKey", s3.SecretKey),
        ]);
        await SeedAsync(server);
        using var anonymous = new HttpClient();

        var url = (await ApiServer.JsonAsync(await LinkAsync(server))).GetProperty("url").GetString()!;

        using var file = await anonymous.GetAsync(new Uri(url));
        (await file.Content.ReadAsStringAsync()).ShouldBe("hello");
        file.Content.Headers.ContentDisposition!.FileName.ShouldBe($"acme-{Export}.zip");
        using var changed = await anonymous.GetAsync(new Uri(url.Replace("X-Amz-Expires=", "X-Amz-Expires=9", StringComparison.Ordinal)));
        ((int)changed.StatusCode).ShouldBe(403);
        using var plain = await anonymous.GetAsync(new Uri(url.Split('?')[0]));
        ((int)plain.StatusCode).ShouldBe(403);
    }

    private static async Task SeedAsync(ApiServer server)
    {
        await Seed.ProcessAsync(server.Registry);
        await server.AcceptedAsync("acme");
        await server.ExecuteAsync(
            $"""
            insert into exports (id, tenant_id, operation_id, state, requested_by, data_types, format, started_at, ended_at, expires_at, file, bytes, sha256)
            select '{Export}', t.id, o.id, 'completed', 'ada', '{"{users}"}', 'json', now(), now(), now() + interval '1 day', 'f.zip', 5, '\x0a0b' from tenants t, operations o
            """);
    }

    private static async Task<HttpResponseMessage> LinkAsync(ApiServer server, HttpClient? client = null) =>
        await (client ?? server.Admin).PostAsJsonAsync($"/api/v1/exports/{Export}/link", new { reason = "Article 20." });
}
