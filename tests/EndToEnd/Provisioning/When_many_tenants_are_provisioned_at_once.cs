using Saga.Registry.Operations;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

public sealed class When_many_tenants_are_provisioned_at_once
{
    [Fact]
    public async Task Should_make_one_of_each_plan()
    {
        var world = await World.SharedAsync();
        var site = await world.NewSiteAsync();
        var host = await ProvisioningHost.StartAsync(site.Configuration());
        try
        {
            foreach (var plan in (string[])["basic", "premium", "enterprise", "custom"])
            {
                var accepted = await site.SubmitAsync(Site.NewCommand(plan));
                (await site.EndAsync(accepted.OperationId)).ShouldBe(OperationState.Completed, await site.StoryAsync(accepted.OperationId));
            }

            await Outside.CompareAsync(site);
        }
        finally
        {
            await ProvisioningHost.EndAsync(host);
        }
    }
}
