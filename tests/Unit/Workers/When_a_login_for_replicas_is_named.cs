using System.Text.RegularExpressions;
using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Walls;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_a_login_for_replicas_is_named
{
    private static readonly TenantPlacement Placement = new()
    {
        Id = Guid.CreateVersion7(), Epoch = 1, State = PlacementState.Current, Tier = IsolationTier.Row, Place = new("main", "saga_rows", "product"), Login = "t_1",
    };

    [Fact]
    public void Should_take_turns_with_another_name()
    {
        var both = ReplicaLogin.Both(Placement);

        both[0].ShouldBe(ReplicaLogin.First(Placement));
        (ReplicaLogin.Other(both[0]), ReplicaLogin.Other(both[1])).ShouldBe((both[1], both[0]));
        both.ShouldAllBe(n => Matches(n, ReplicaLogin.Names) && Matches(n, LoginSettings.Tenants));
    }

    [Fact]
    public void Should_not_be_taken_for_the_owner_or_the_login_that_writes()
    {
        foreach (var other in (string[])[$"t_{Placement.Id:n}", $"t_{Placement.Id:n}_b", $"t_{Placement.Id:n}_owner"])
            Matches(other, ReplicaLogin.Names).ShouldBeFalse();
    }

    private static bool Matches(string name, string pattern) => Regex.IsMatch(name, pattern, RegexOptions.NonBacktracking);
}
