using Saga.Engine.Drift;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_drift_is_repaired
{
    private static readonly DateTimeOffset Now = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(DriftResources.Role, DriftFacts.SignsIn, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Role, DriftFacts.MemberOf, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Role, DriftFacts.Connections, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Database, DriftFacts.Owner, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Database, DriftFacts.Usable, DriftRepairKind.None)]
    [InlineData(DriftResources.Schema, DriftFacts.Owner, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Place, DriftFacts.Mode, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Place, DriftFacts.Epoch, DriftRepairKind.None)]
    [InlineData(DriftResources.Organization, DriftFacts.Enabled, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Organization, "id", DriftRepairKind.None)]
    [InlineData(DriftResources.CacheUser, DriftFacts.Enabled, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.CacheUser, DriftFacts.Keys, DriftRepairKind.SetBack)]
    [InlineData(DriftResources.Backup, "manifest.json", DriftRepairKind.None)]
    [InlineData("resourceOfTomorrow", "factOfTomorrow", DriftRepairKind.None)]
    public void Should_set_back_what_holds_nothing_that_could_be_lost(string resource, string fact, DriftRepairKind kind) => Different(resource, fact).Kind.ShouldBe(kind);

    [Fact]
    public void Should_set_back_nothing_when_one_of_the_facts_needs_a_person() => Different(DriftResources.Place, DriftFacts.Mode, DriftFacts.Epoch).Kind.ShouldBe(DriftRepairKind.None);

    [Theory]
    [InlineData(DriftResources.Role, "t_1", DriftRepairKind.CreateAgain)]
    [InlineData(DriftResources.Role, "t_1_owner", DriftRepairKind.None)]
    [InlineData(DriftResources.Place, "d/1", DriftRepairKind.CreateAgain)]
    [InlineData(DriftResources.Organization, "acme", DriftRepairKind.CreateAgain)]
    [InlineData(DriftResources.CacheUser, "t_1", DriftRepairKind.CreateAgain)]
    [InlineData(DriftResources.Database, "d", DriftRepairKind.None)]
    [InlineData(DriftResources.Schema, "d.s", DriftRepairKind.None)]
    [InlineData(DriftResources.RestoredDatabase, "d", DriftRepairKind.None)]
    [InlineData(DriftResources.Storage, "t", DriftRepairKind.None)]
    [InlineData(DriftResources.Backup, "b", DriftRepairKind.None)]
    [InlineData("resourceOfTomorrow", "r", DriftRepairKind.None)]
    public void Should_make_again_what_had_no_rows(string resource, string name, DriftRepairKind kind) =>
        Of(new(new(resource, "eu-1", name), DriftKind.Missing, Guid.NewGuid(), null, [])).Kind.ShouldBe(kind);

    [Theory]
    [InlineData(DriftResources.Database, DriftRepairKind.Quarantine)]
    [InlineData(DriftResources.RestoredDatabase, DriftRepairKind.Quarantine)]
    [InlineData(DriftResources.Schema, DriftRepairKind.Quarantine)]
    [InlineData(DriftResources.Role, DriftRepairKind.Quarantine)]
    [InlineData(DriftResources.Organization, DriftRepairKind.Quarantine)]
    [InlineData(DriftResources.CacheUser, DriftRepairKind.Quarantine)]
    [InlineData(DriftResources.Place, DriftRepairKind.None)]
    [InlineData(DriftResources.SpareDatabase, DriftRepairKind.None)]
    [InlineData(DriftResources.Storage, DriftRepairKind.None)]
    [InlineData(DriftResources.CacheEntries, DriftRepairKind.None)]
    [InlineData(DriftResources.Backup, DriftRepairKind.None)]
    [InlineData("resourceOfTomorrow", DriftRepairKind.None)]
    public void Should_quarantine_what_can_be_put_back(string resource, DriftRepairKind kind) => Of(Orphan(resource) with { Owner = Guid.NewGuid() }).Kind.ShouldBe(kind);

    [Theory]
    [InlineData(DriftResources.Organization)]
    [InlineData(DriftResources.Schema)]
    public void Should_quarantine_nothing_of_which_an_earlier_version_recorded_no_owner(string resource) => Of(Orphan(resource)).Instead!.ShouldStartWith("Scan for drift again");

    [Fact]
    public void Should_take_roles_after_what_they_own() =>
        new[] { DriftResources.Role, DriftResources.Schema, DriftResources.Place, DriftResources.Database, "resourceOfTomorrow" }.OrderBy(DriftRepairs.Turn)
            .ShouldBe([DriftResources.Database, DriftResources.Schema, DriftResources.Role, DriftResources.Place, "resourceOfTomorrow"]);

    // Orphans, compared, what must be confirmed.
    [Theory]
    [InlineData(1, 0, "")]
    [InlineData(5, 0, "")]
    [InlineData(5, 100, "")]
    [InlineData(6, 0, DriftRemovals.ManyOrphans)]
    [InlineData(6, 599, DriftRemovals.ManyOrphans)]
    [InlineData(6, 600, "")]
    [InlineData(100, 10_000, "")]
    [InlineData(101, 10_000, DriftRemovals.ManyOrphans)]
    public void Should_have_many_orphans_confirmed(long orphans, long compared, string needed) =>
        string.Join(' ', DriftRemovals.Needed(new(orphans, compared, null, [Now]))).ShouldBe(needed);

    // When the registry was restored and the thing was made, in days before now.
    [Theory]
    [InlineData(null, 1, "")]
    [InlineData(2, 3, DriftRemovals.RegistryRestored)]
    [InlineData(2, 2, DriftRemovals.RegistryRestored)]
    [InlineData(2, null, DriftRemovals.RegistryRestored)]
    [InlineData(2, 1, "")]
    public void Should_have_it_confirmed_after_a_restore_of_the_registry(int? restored, int? made, string needed) =>
        string.Join(' ', DriftRemovals.Needed(new(1, 1000, restored is { } r ? Now.AddDays(-r) : null, [made is { } m ? Now.AddDays(-m) : null, Now]))).ShouldBe(needed);

    [Fact]
    public void Should_have_both_confirmed_and_nothing_when_nothing_is_quarantined()
    {
        var facts = new RemovalFacts(50, 100, Now, [null]);

        DriftRemovals.Needed(facts).ShouldBe(DriftRemovals.All);
        DriftRemovals.Needed(facts with { MadeAt = [] }).ShouldBeEmpty();
        DriftRemovals.All.Select(n => DriftRemovals.Why(n, facts)).ShouldAllBe(w => w.EndsWith('.'));
    }

    private static DriftFinding Orphan(string resource) => new(new(resource, "eu-1", "a.b"), DriftKind.Orphan, null, Now, []);

    private static DriftRepair Different(string resource, params string[] facts) =>
        Of(new(new(resource, "eu-1", "a"), DriftKind.Different, Guid.NewGuid(), null, [.. facts.Select(f => new DriftDifference(f, "yes", "no"))]));

    // What nothing is done about says what a person does.
    private static DriftRepair Of(DriftFinding finding)
    {
        var repair = DriftRepairs.Of(finding);
        (repair.Instead is null).ShouldBe(repair.Kind != DriftRepairKind.None);
        repair.Words.ShouldEndWith(".");
        repair.Warnings.ShouldAllBe(w => w.EndsWith('.'));
        return repair;
    }
}
