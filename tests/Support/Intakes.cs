using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.CustomSteps;
using Saga.Lifecycle.FourEyes;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Provision;
using Saga.Registry.Batches;
using Saga.Registry.CustomSteps;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Processes;
using Saga.Registry.Tenants;
using Saga.Registry;

namespace Saga.Tests.Support;

/// <summary>Intakes without a host.</summary>
public static class Intakes
{
    public static ICommandIntake<ProvisionTenant> Provision(NpgsqlDataSource registry, TimeProvider? time = null) =>
        Of<ProvisionTenant, ValidProvision, ProvisionPlan>(registry, new(new PlanStore(registry), new TenantNameStore(registry), new ServerRoomStore(registry), new ReservedNames([], [])), time);

    public static ICommandIntake<TCommand> Of<TCommand, TInput, TPlan>(NpgsqlDataSource registry, TPlan plan, TimeProvider? time = null)
        where TCommand : class
        where TInput : class
        where TPlan : ICommandPlan<TCommand, TInput> =>
        new CommandIntake<TCommand, TInput, TPlan>(plan, new CommandLedger(registry, Notifier(registry), new RegistryClock()), new TenantStore(registry), new HostedSteps(new ProcessStore(registry), TimeProvider.System),
            new OrchestratorLevels(new ProcessStore(registry), TimeProvider.System), new CustomWorkflows(new CustomStepStore(registry, new RegistryClock())),
            new FourEyesRules(Options.Create(new FourEyesOptions()), new CommandCatalogue([]), new BatchStore(registry, new RegistryClock())),
            new Rejections(new RejectionStore(registry, Notifier(registry)), TimeProvider.System, NullLogger<Rejections>.Instance), time ?? TimeProvider.System);

    private static RegistryNotifier Notifier(NpgsqlDataSource registry) => new(registry, NullLogger<RegistryNotifier>.Instance);
}
