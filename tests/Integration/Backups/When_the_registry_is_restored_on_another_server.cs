using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Registry.Backups;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

/// <summary>A backup in S3, restored to a PostgreSQL server that knows none of the roles and databases of the one that it comes from.</summary>
public sealed class When_the_registry_is_restored_on_another_server
{
    [Fact]
    public async Task Should_go_on_with_what_was_accepted_and_take_what_is_new()
    {
        var s3 = await S3Server.SharedAsync();
        (string Key, string Value)[] store =
        [
            ("Saga:Storage:Adapter", "s3"), ("Saga:Storage:S3:ServiceUrl", s3.Url), ("Saga:Storage:S3:Bucket", S3Server.NewBucket()), ("Saga:Storage:S3:AccessKey", s3.AccessKey),
            ("Saga:Storage:S3:SecretKey", s3.SecretKey), ("Saga:Storage:S3:TimeoutSeconds", "10"),
        ];
        await using var world = await RegistryBackupWorld.CreateAsync(null, store);
        var tenant = await world.World.ActiveAsync(IsolationTier.Row);
        var secret = await world.World.Database.Get<TenantSealer>().SealAsync(tenant.Id, "p", "hush"u8.ToArray(), default);
        var accepted = await EngineHost.SubmitAsync(world.Registry, EngineHost.Chain("one", "two"));
        var backup = await world.BackUpAsync();
        world.Files().ShouldBeEmpty("they are in S3");
        var target = await NewServerAsync();
        var (restore, services) = world.Into(target, settings: [.. store.Select(s => (s.Key, (string?)s.Value))]);

        await restore.RunAsync(_ => { }, default);

        var found = (await services.GetRequiredService<TenantStore>().FindAsync(tenant.Id, default))!;
        found.ShouldSatisfyAllConditions(t => t.Status.ShouldBe(TenantStatus.Active), t => t.Placement.ShouldNotBeNull());
        (await services.GetRequiredService<TenantSealer>().OpenAsync(tenant.Id, "p", secret, default)).ShouldBe("hush"u8.ToArray());
        (await services.GetRequiredService<Saga.Registry.Backups.OfRegistry.RegistryBackupStore>().FindAsync(backup, default))!.State.ShouldBe(BackupState.Completed);
        await using var registry = NpgsqlDataSource.Create(target);
        ScriptedStep[] steps = [new("one"), new("two")];
        await using var host = await EngineHost.StartAsync(registry, null, steps);
        (await host.EndAsync(accepted)).ShouldBe(OperationState.Completed);
        (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("one", "two")))).ShouldBe(OperationState.Completed);
        (await world.Registry.ScalarAsync<string>("select state from operations where id = @accepted", new { accepted })).ShouldBe("accepted", "the registry that was backed up is another one");
    }

    // Not even the roles of the programs are there.
    private static async Task<string> NewServerAsync()
    {
        var server = await World.NewPostgresAsync();
        await using var connection = new NpgsqlConnection(server.ConnectionString("postgres") + ";Pooling=false");
        await connection.ExecuteAsync("create role registry_owner login password 'a-password'");
        await connection.ExecuteAsync("create database registry owner registry_owner");
        return new NpgsqlConnectionStringBuilder(server.ConnectionString("registry")) { Username = "registry_owner", Password = "a-password" }.ConnectionString;
    }
}
