using Amazon.S3;
using Amazon.S3.Model;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>A site whose process may be replaced, and which takes every command.</summary>
internal sealed class CrashSite(Site site) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private IHost? host;
    private Task<(TenantId Tenant, string Rows)>? neighbour;
    private CrashSite? other;

    public Site Site => site;

    public async Task RunAsync(StepFaults? faults = null) => host = await ProvisioningHost.StartAsync(site.Configuration(), faults);

    /// <summary>Ends the process in order, when nothing is left to do.</summary>
    public async Task StopAsync()
    {
        if (host is null)
            return;
        await ExternalState.DrainedAsync(site);
        await ProvisioningHost.EndAsync(host);
        host = null;
    }

    /// <summary>An active tenant.</summary>
    public async Task<TenantId> TenantAsync(string plan = "basic")
    {
        var accepted = await site.SubmitAsync(Site.NewCommand(plan));
        await EndAsync(accepted.OperationId);
        return accepted.TenantId!.Value;
    }

    /// <summary>Another tenant, with rows in the shared tables. There is one.</summary>
    public Task<(TenantId Tenant, string Rows)> NeighbourAsync()
    {
        lock (gate)
            return neighbour ??= MakeAsync();

        async Task<(TenantId, string)> MakeAsync()
        {
            var tenant = await TenantAsync();
            await CrashRows.FillAsync(this, tenant);
            return (tenant, await CrashRows.ReadAsync(this, tenant));
        }
    }

    /// <summary>Does something in another installation on the same servers, of which this one knows nothing. Its process runs only meanwhile. One at a time.</summary>
    public async Task<T> ElsewhereAsync<T>(Func<CrashSite, Task<T>> act)
    {
        other ??= new CrashSite(await site.World.NewSiteAsync());
        await other.RunAsync();
        var done = await act(other);
        await other.StopAsync();
        return done;
    }

    /// <summary>Throws if a row of the neighbour is not as it was.</summary>
    public async Task RequireNeighbourAsync()
    {
        var (tenant, rows) = await NeighbourAsync();
        (await CrashRows.ReadAsync(this, tenant)).ShouldBe(rows, "the rows of others stay");
    }

    /// <summary>Submits a command. The same key is the same operation.</summary>
    public async Task<Guid> SubmitAsync(object command, string key) => await AnyCommand.Of(command, key).SubmitAsync(host!.Services) switch
    {
        CommandAccepted accepted => accepted.OperationId,
        CommandRejected rejected => throw new InvalidOperationException($"{rejected.Rejection.Code}: {rejected.Rejection.Detail} {string.Join("; ", rejected.Rejection.Errors ?? [])}"),
        _ => throw new InvalidOperationException("No outcome."),
    };

    /// <summary>The operation that a prepared command has become, which is scheduled.</summary>
    public async Task<Guid> ScheduledAsync(string kind, PreparedCommand prepared)
    {
        Guid? operation = null;
        await Until.TrueAsync(
            async () => (operation = prepared.Scheduled is { } scheduled
                ? await ScalarAsync<Guid?>("select operation_id from scheduled_commands where id = @scheduled", new { scheduled })
                : await ScalarAsync<Guid?>("select id from operations where kind = @kind and tenant_id = @Value", new { kind, prepared.Tenant!.Value.Value })) is not null,
            $"the scheduled {kind} is submitted", TimeSpan.FromSeconds(90));
        return operation!.Value;
    }

    /// <summary>Submits a command and waits until it is completed.</summary>
    public async Task<Guid> DoneAsync(object command)
    {
        var operation = await SubmitAsync(command, Guid.NewGuid().ToString());
        await EndAsync(operation);
        return operation;
    }

    /// <summary>Lets a stalled operation go on, and waits until it is completed.</summary>
    public async Task ReplayAsync(Guid operation)
    {
        (await host!.Services.GetRequiredService<ICommandIntake<ReplayOperation>>()
            .SubmitAsync(new() { OperationId = operation, Reason = "The cause is gone." }, Caller.OfToken(Site.Caller, isAdministrator: true), CancellationToken.None)).ShouldBeOfType<CommandAccepted>();
        try
        {
            await Until.TrueAsync(
                async () => await ScalarAsync<string>("select state from operations where id = @operation", new { operation }) == OperationStateNames.Of(OperationState.Completed), "the replayed operation completes");
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException(await site.StoryAsync(operation), late);
        }
    }

    public async Task EndAsync(Guid operation) => (await site.EndAsync(operation, TimeSpan.FromSeconds(180))).ShouldBe(OperationState.Completed, await site.StoryAsync(operation));

    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    /// <summary>How many files and unfinished uploads whose names begin so the site has in one of its buckets.</summary>
    /// <param name="bucket">The bucket's ending, such as <c>exports</c>.</param>
    /// <param name="prefix">How the names begin.</param>
    public async Task<int> FilesAsync(string bucket, string prefix = "")
    {
        using var client = site.World.S3.Client();
        var name = $"{site.Bucket}-{bucket}";
        try
        {
            var objects = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = name, Prefix = prefix });
            var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = name, Prefix = prefix });
            return (objects.S3Objects?.Count ?? 0) + (uploads.MultipartUploads?.Count ?? 0);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (other is not null)
            await other.DisposeAsync();
        if (host is not null)
            await ProvisioningHost.EndAsync(host);
        host = null;
    }
}
