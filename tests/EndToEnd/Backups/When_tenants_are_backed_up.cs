using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>On the real servers, in every tier.</summary>
[Collection(Alone.Name)]
public sealed class When_tenants_are_backed_up
{
    [Fact]
    [InTurn(0, of: 3)]
    public async Task Should_store_what_the_registry_says_in_every_tier()
    {
        await using var site = await BackupSite.StartAsync();
        var tenants = await site.Tenants.ActiveAsync(3, "basic", "premium", "enterprise");
        foreach (var tenant in tenants)
            await site.PutAsync(tenant, "a folder/50%/ä.txt", "an object");

        await Task.WhenAll(tenants.Select(async tenant => await site.Tenants.EndAsync(await site.BackUpAsync(tenant), OperationState.Completed)));

        (await site.FilesAsync()).ShouldBe(await site.KnownFilesAsync());
        (await site.Tenants.ScalarAsync<string>("select string_agg(format, ' ' order by format) from backup_parts where name = 'rows'")).ShouldBe("copy-text pg_dump pg_dump");
        (await site.Tenants.ScalarAsync<long>("select count(*) from backup_parts where name = 'contents' and counts ->> 'objects' = '1' and counts ->> 'bytes' = '9'")).ShouldBe(3);
        (await site.Tenants.ScalarAsync<long>("select count(*) from audit where action = 'backup.complete'")).ShouldBe(3);
    }
}
