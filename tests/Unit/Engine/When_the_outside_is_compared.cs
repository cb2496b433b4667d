using Saga.Engine.Drift;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_the_outside_is_compared
{
    private const string Server = "eu-1";
    private static readonly Guid Here = Guid.NewGuid();
    private static readonly DateTimeOffset Now = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Acme = Guid.CreateVersion7(Now.AddDays(-30));
    private static readonly Guid Gone = Guid.CreateVersion7(Now.AddDays(-60));
    private static readonly Guid Stranger = Guid.CreateVersion7(Now.AddDays(-20));

    private DriftScope scope = new()
    {
        Installation = Here,
        Now = Now,
        Grace = TimeSpan.FromMinutes(15),
        Known = new Dictionary<Guid, Guid?> { [Acme] = Acme, [Gone] = Gone },
        BusyTenants = new HashSet<Guid>(),
        BusyServers = new HashSet<string>(),
    };

    [Fact]
    public void Should_find_nothing_where_everything_is_as_it_should_be() => Kinds([Expected("a")], [Found("a", Acme)]).ShouldBeEmpty();

    [Fact]
    public void Should_find_what_is_missing() => Kinds([Expected("a"), Expected("b")], [Found("a", Acme)]).ShouldBe(["b missing"]);

    [Fact]
    public void Should_not_miss_what_may_be_absent() => Kinds([Expected("a") with { Optional = true }], []).ShouldBeEmpty();

    [Fact]
    public void Should_find_an_orphan_of_a_tenant_that_is_gone()
    {
        var finding = Compare([], [Found("a", Gone)]).Findings.ShouldHaveSingleItem();

        (finding.Kind, finding.Tenant, finding.MadeAt).ShouldBe((DriftKind.Orphan, Gone, Now.AddDays(-60)));
    }

    [Fact]
    public void Should_find_an_orphan_that_the_registry_does_not_know_by_the_id_that_it_bears() =>
        Kinds([], [Found("a", Stranger) with { Installation = Here }]).ShouldBe(["a orphan"]);

    [Fact]
    public void Should_not_compare_what_bears_no_id_and_is_not_known() => Kinds([], [Found("a", Stranger), Found("b", null)]).ShouldBeEmpty();

    [Fact]
    public void Should_not_compare_what_is_anothers_even_under_an_expected_name()
    {
        var another = Guid.NewGuid();

        Kinds([Expected("a")], [Found("a", Acme, ("owner", "x")) with { Installation = another }, Found("b", Gone) with { Installation = another }]).ShouldBe(["a missing"]);
    }

    [Fact]
    public void Should_not_find_what_is_in_quarantine_unless_it_is_expected()
    {
        scope = scope with { Quarantined = new HashSet<DriftKey> { KeyOf("a"), KeyOf("b") } };

        Kinds([Expected("b") with { Facts = new Dictionary<string, string> { ["owner"] = "x" } }], [Found("a", Gone), Found("b", Acme), Found("c", Gone)]).ShouldBe(["b different", "c orphan"], ignoreOrder: true);
    }

    [Fact]
    public void Should_remember_the_id_that_an_orphan_bears() => Compare([], [Found("a", Stranger) with { Installation = Here }]).Findings.ShouldHaveSingleItem().Owner.ShouldBe(Stranger);

    [Fact]
    public void Should_name_each_fact_that_differs()
    {
        var finding = Compare([Expected("a", ("enabled", "yes"), ("owner", "ada"))], [Found("a", Acme, ("enabled", "no"), ("size", "7"))]).Findings.ShouldHaveSingleItem();

        finding.Kind.ShouldBe(DriftKind.Different);
        finding.Differences.ShouldBe([new("enabled", "yes", "no"), new("owner", "ada", null)]);
    }

    [Fact]
    public void Should_find_further_facts_where_all_are_known() =>
        Compare([Expected("a", ("f", "1")) with { Exact = true }], [Found("a", Acme, ("f", "1"), ("g", "2"))]).Findings.ShouldHaveSingleItem()
            .Differences.ShouldBe([new("g", null, "2")]);

    [Fact]
    public void Should_leave_alone_what_a_tenants_operation_may_be_working_on()
    {
        scope = scope with { BusyTenants = new HashSet<Guid> { Acme } };

        var comparison = Compare([Expected("missing"), Expected("different", ("f", "1"))], [Found("different", Acme), Found("orphan", Acme)]);

        comparison.Findings.ShouldBeEmpty();
        comparison.LeftAlone.Select(k => k.Name).ShouldBe(["missing", "different", "orphan"], ignoreOrder: true);
    }

    [Fact]
    public void Should_leave_alone_what_is_on_a_server_that_an_operation_keeps()
    {
        scope = scope with { BusyServers = new HashSet<string> { Server } };

        Kinds([Expected("a")], [Found("b", Gone)]).ShouldBeEmpty();
    }

    [Fact]
    public void Should_leave_alone_what_is_young()
    {
        var young = Guid.CreateVersion7(Now.AddMinutes(-14));

        Kinds(
            [Expected("missing") with { ChangedAt = Now.AddMinutes(-14) }, Expected("different", ("f", "1")) with { ChangedAt = Now.AddMinutes(-14) }],
            [Found("different", Acme), Found("orphan", young) with { Installation = Here }, Found("written", Gone) with { MadeAt = Now.AddMinutes(-1) }]).ShouldBeEmpty();
        Kinds([Expected("missing") with { ChangedAt = Now.AddMinutes(-16) }], [Found("orphan", Guid.CreateVersion7(Now.AddMinutes(-16))) with { Installation = Here }])
            .ShouldBe(["orphan orphan", "missing missing"]);
    }

    [Fact]
    public void Should_say_nothing_of_a_server_that_was_not_read()
    {
        scope = scope with { UnreadServers = new HashSet<string> { Server } };

        Kinds([Expected("a")], [Found("b", Gone)]).ShouldBeEmpty();
    }

    [Fact]
    public void Should_say_nothing_of_what_is_in_a_database_that_was_not_read()
    {
        scope = scope with { UnreadDatabases = [(Server, "shop")] };
        DriftKey[] inside = [DriftResources.PlaceKey(Server, "shop", Acme), DriftResources.SchemaKey(Server, "shop", "t")];
        DriftKey[] others = [DriftResources.PlaceKey(Server, "shopping", Acme), DriftResources.PlaceKey("eu-2", "shop", Acme), new(DriftResources.Database, Server, "shop")];

        var comparison = Compare(inside.Concat(others).Select(k => new ExpectedThing { Key = k, Tenant = Acme }), []);

        comparison.Findings.Select(f => f.Key).ShouldBe(others);
        Ended(inside.Select(k => new OpenFinding(Guid.NewGuid(), k, DriftKind.Orphan, Acme)), comparison).ShouldBeEmpty();
    }

    [Fact]
    public void Should_compare_chosen_tenants_only()
    {
        scope = scope with { Tenants = new HashSet<Guid> { Acme } };

        Kinds([Expected("a"), Expected("b") with { Tenant = Gone }], [Found("c", Gone), Found("d", Acme), Found("e", Stranger) with { Installation = Here }])
            .ShouldBe(["d orphan", "a missing"]);
    }

    [Fact]
    public void Should_count_a_thing_once_that_two_pages_tell() => Compare([], [Found("a", Gone), Found("a", Gone)]).Findings.Count.ShouldBe(1);

    [Fact]
    public void Should_end_what_is_not_seen_any_more()
    {
        var (left, seen) = (Open("left", DriftKind.Orphan), Open("a", DriftKind.Missing));

        Ended([left, seen], Compare([Expected("a")], [])).ShouldBe([left.Id]);
    }

    [Fact]
    public void Should_end_a_finding_whose_thing_differs_in_another_way()
    {
        var was = Open("a", DriftKind.Missing);

        Ended([was], Compare([Expected("a", ("f", "1"))], [Found("a", Acme)])).ShouldBe([was.Id]);
    }

    [Fact]
    public void Should_end_nothing_that_it_could_not_see()
    {
        scope = scope with { UnreadServers = new HashSet<string> { Server } };
        Ended([Open("a", DriftKind.Missing)], Compare([], [])).ShouldBeEmpty();

        scope = scope with { UnreadServers = new HashSet<string>(), Tenants = new HashSet<Guid> { Gone } };
        Ended([Open("a", DriftKind.Missing), Open("b", DriftKind.Orphan) with { Tenant = null }], Compare([], [])).ShouldBeEmpty();
    }

    [Fact]
    public void Should_end_nothing_that_it_left_alone()
    {
        var young = Guid.CreateVersion7(Now);
        Ended([Open("a", DriftKind.Orphan) with { Tenant = null }], Compare([], [Found("a", young) with { Installation = Here }])).ShouldBeEmpty();

        scope = scope with { BusyTenants = new HashSet<Guid> { Acme } };
        Ended([Open("a", DriftKind.Missing)], Compare([], [])).ShouldBeEmpty();
    }

    private DriftComparison Compare(IEnumerable<ExpectedThing> expected, IEnumerable<FoundThing> found) => DriftRules.Compare(expected, found, scope);

    private IEnumerable<string> Kinds(IEnumerable<ExpectedThing> expected, IEnumerable<FoundThing> found) =>
        Compare(expected, found).Findings.Select(f => $"{f.Key.Name} {f.Kind.ToString().ToLowerInvariant()}");

    private IReadOnlyList<Guid> Ended(IEnumerable<OpenFinding> open, DriftComparison comparison) => DriftRules.Ended(open, comparison, scope);

    private static OpenFinding Open(string name, DriftKind kind) => new(Guid.NewGuid(), KeyOf(name), kind, Acme);

    private static ExpectedThing Expected(string name, params (string Fact, string Value)[] facts) => new() { Key = KeyOf(name), Tenant = Acme, Facts = FactsOf(facts) };

    private static FoundThing Found(string name, Guid? owner, params (string Fact, string Value)[] facts) => new() { Key = KeyOf(name), Owner = owner, Facts = FactsOf(facts) };

    private static Dictionary<string, string> FactsOf((string Fact, string Value)[] facts) => facts.ToDictionary(f => f.Fact, f => f.Value, StringComparer.Ordinal);

    private static DriftKey KeyOf(string name) => new(DriftResources.Role, Server, name);
}
