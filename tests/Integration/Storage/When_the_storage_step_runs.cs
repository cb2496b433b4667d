using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

public sealed class When_the_storage_step_runs : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private StorageHost host = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = await StorageHost.OnS3Async(registry: registry);
        tenant = await Seed.TenantAsync(registry, "acme");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_make_and_undo_it_twice()
    {
        for (var round = 0; round < 2; round++)
        {
            await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);
            await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);
            await host.Objects.For(tenant.Id).PutTextAsync("a", "x");
            await host.Step.CompensateAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);
            await host.Step.CompensateAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);
            (await host.Provisioner.ExistsAsync(tenant.Id, CancellationToken.None)).ShouldBeFalse();
        }
    }

    [Fact]
    public void Should_be_compensated_once_more_fifteen_seconds_after_a_request_without_an_answer() => host.Step.LingersFor.ShouldBe(TimeSpan.FromSeconds(15));

    [Fact]
    public async Task Should_touch_nothing_without_the_lease()
    {
        var stale = await tenant.BeginAsync(StepNames.Storage);
        var current = await tenant.BeginAsync(StepNames.Storage);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step.ExecuteAsync(stale, CancellationToken.None));
        (await host.Provisioner.ExistsAsync(tenant.Id, CancellationToken.None)).ShouldBeFalse();

        await host.Step.ExecuteAsync(current, CancellationToken.None);
        await Should.ThrowAsync<LeaseLostException>(() => host.Step.CompensateAsync(stale, CancellationToken.None));
        (await host.Provisioner.ExistsAsync(tenant.Id, CancellationToken.None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_name_the_system_that_is_away()
    {
        await using var away = StorageHost.OnS3($"http://127.0.0.1:{FreePorts.Next()}", "bucket", registry: registry);

        var error = await Should.ThrowAsync<StepFailureException>(async () =>
            await away.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None));

        error.Failure.ShouldSatisfyAllConditions(
            () => error.Failure.System.ShouldBe("s3"), () => error.Failure.Code.ShouldBe("s3-unavailable"),
            () => error.Failure.Transient.ShouldBeTrue(), () => error.Failure.Remedy!.ShouldContain("Saga:Storage:S3:ServiceUrl"));
    }

    [Fact]
    public async Task Should_name_the_folder_that_cannot_be_made()
    {
        // A file in place of the folder involves no permissions, so this also works for root.
        var file = Path.GetTempFileName();
        await using var broken = StorageHost.OnFolder(registry, Path.Combine(file, "below"));

        var error = await Should.ThrowAsync<StepFailureException>(async () =>
            await broken.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None));

        error.Failure.System.ShouldBe("folder");
        File.Delete(file);
    }

    [Fact]
    public async Task Should_keep_the_folder_to_this_user()
    {
        await using var folder = StorageHost.OnFolder(registry);

        await folder.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);

        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
#pragma warning disable CA1416 // Skipped above.
        File.GetUnixFileMode(Path.Combine(folder.Folder, "tenants", tenant.Id.ToString()))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
    }

    [Fact]
    public async Task Should_not_bring_a_removed_tenant_back_by_a_late_write()
    {
        await using var folder = StorageHost.OnFolder(registry);
        await folder.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);
        await folder.Step.CompensateAsync(await tenant.BeginAsync(StepNames.Storage), CancellationToken.None);

        var error = await Should.ThrowAsync<Tenancy.Objects.ObjectStoreException>(() => folder.Objects.For(tenant.Id).PutTextAsync("a", "late"));

        error.Code.ShouldBe("folder-no-such-tenant");
        (await folder.Provisioner.ExistsAsync(tenant.Id, CancellationToken.None)).ShouldBeFalse();
    }
}
