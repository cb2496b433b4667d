using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tests.Unit.Intake;
using Saga.Workers;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

public sealed class When_resources_are_registered
{
    private static readonly IConfiguration Settings = new ConfigurationBuilder().Build();

    private static readonly Tenant Tenant = new()
    {
        Id = new TenantId(Guid.CreateVersion7()), Slug = Slug.Parse("acme"), Name = "Acme", Plan = "basic", Tier = IsolationTier.Row, Status = TenantStatus.Active,
        Subdomain = "acme", Timezone = "UTC", AdminEmail = "ada@acme.com", Features = new Dictionary<string, bool>(),
        Settings = new Dictionary<string, System.Text.Json.JsonElement>(), Version = 1, CreatedAt = default, UpdatedAt = default,
        Placed = new()
        {
            Id = Guid.Empty, Epoch = 1, State = PlacementState.Current, Tier = IsolationTier.Row, Place = new("eu-1", "saga_rows", "product"), Login = "t_acme",
        },
    };

    public static TheoryData<string> Workers => [.. ResourceModules.All.Select(m => m.Worker)];

    [Fact]
    public void Should_have_one_module_for_each_worker() =>
        ResourceModules.All.Select(m => m.Worker).ShouldBe(
            typeof(WorkerNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!), ignoreOrder: true);

    [Theory, MemberData(nameof(Workers))]
    public void Should_take_every_step_that_a_workflow_sends_to_the_worker(string worker) =>
        Made<IStep>(worker, (m, s) => m.AddSteps(s, Settings)).Where(s => s.RunsAllOf is null).Select(s => s.Name)
            .ShouldBe(Catalogue.Workflows.SelectMany(w => w.Steps).Where(s => s.Worker == worker).Select(s => s.Name).Distinct(), ignoreOrder: true);

    [Theory, MemberData(nameof(Workers))]
    public void Should_use_external_systems_by_their_names(string worker)
    {
        string[] named = [SystemNames.PostgreSql(""), .. typeof(SystemNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)];
        var used = Made<IStep>(worker, (m, s) => m.AddSteps(s, Settings)).Where(s => s is not (VerifyStep or VerifyAdoptedStep)).SelectMany(s => s.Systems(Tenant))
            .Concat(Made<IVerification>(worker, (m, s) => m.AddVerifications(s, Settings)).Select(v => v.System(Tenant)).OfType<string>()).Distinct().ToList();

        used.ShouldAllBe(system => named.Any(n => system.StartsWith(n, StringComparison.Ordinal)));
    }

    [Fact]
    public void Should_refuse_an_unknown_worker() =>
        Should.Throw<InvalidOperationException>(() => new ServiceCollection().AddWorkers(new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>("Saga:Workers:Run:0", "databse")]).Build()))
            .Message.ShouldStartWith("Saga:Workers:Run names 'databse', which is not a worker. Known workers: reservation, identity, database,");

    private static ResourceModule Module(string worker) => ResourceModules.All.Single(m => m.Worker == worker);

    // Names and systems are constants of the class, so its dependencies are not needed.
    private static IEnumerable<T> Made<T>(string worker, Action<ResourceModule, IServiceCollection> add)
    {
        var services = new ServiceCollection();
        add(Module(worker), services);
        return services.Where(s => s.ServiceType.IsAssignableTo(typeof(T)) || s.ImplementationType?.IsAssignableTo(typeof(T)) == true)
            .Where(s => s.ImplementationType is not null).Select(s => (T)RuntimeHelpers.GetUninitializedObject(s.ImplementationType!));
    }
}
