using System.Collections.Concurrent;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Credentials;

/// <summary>On the real servers.</summary>
[Collection(Alone.Name)]
public sealed class When_credentials_are_rotated
{
    [Fact]
    public async Task Should_fail_no_request_in_any_tier_and_leave_one_login_that_passes_verification()
    {
        await using var site = await RotationSite.StartAsync();
        var tenants = await site.At.ActiveAsync(3, "basic", "premium", "enterprise");
        var (failures, seen, stop) = (new ConcurrentQueue<Exception>(), new ConcurrentDictionary<TenantId, ConcurrentQueue<string>>(), false);
        var requests = tenants.Select(tenant => Task.Run(async () =>
        {
            var logins = seen.GetOrAdd(tenant, _ => new());
            while (!Volatile.Read(ref stop))
            {
                try
                {
                    logins.Enqueue(await site.RequestAsync(tenant));
                }
                catch (Exception error)
                {
                    failures.Enqueue(error);
                }
            }
        })).ToArray();
        await Until.TrueAsync(() => Task.FromResult(tenants.All(t => seen.TryGetValue(t, out var logins) && logins.Count > 3)), "requests have begun");

        foreach (var operation in await Task.WhenAll(tenants.Select(t => site.RotateAsync(t))))
            await site.At.EndAsync(operation, OperationState.Completed);

        await Until.TrueAsync(() => Task.FromResult(tenants.All(t => seen[t].Last() == $"t_{t.Compact}_b")), "every product service has changed over");
        Volatile.Write(ref stop, true);
        await Task.WhenAll(requests);
        failures.ShouldBeEmpty();
        foreach (var operation in await Task.WhenAll(tenants.Select(site.VerifyAsync)))
        {
            await site.At.EndAsync(operation, OperationState.Completed);
            (await site.At.ScalarAsync<bool>("select (output ->> 'passed')::bool from operation_steps where operation_id = @operation", new { operation })).ShouldBeTrue();
        }

        (await site.At.ScalarAsync<long>("select count(*) from tenant_credentials where purpose not in ('database', 'cache')")).ShouldBe(0);
        await ExternalState.CompareAsync(site.At.Site);
    }
}
