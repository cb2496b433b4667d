using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Steps;
using Saga.Workers.Backup;
using Saga.Workers.Database.Servers;
using Saga.Workers.Reservation.Deletion;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>The tenant's placement and status in the registry.</summary>
public sealed class ReservationModule : ResourceModule
{
    public override string Worker => WorkerNames.Reservation;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddDatabaseServers(configuration);
        BackupModule.AddOptions(services, configuration);
        services.AddSingleton<ReserveStep>();
        services.AddSingleton<IStep>(s => s.GetRequiredService<ReserveStep>());
        services.AddSingleton<IStep, ReserveRevivedStep>();
        services.AddSingleton<IStep, ReserveAdoptedStep>();
        services.AddSingleton<IStep, AnnounceAdoptedStep>();
        services.AddSingleton<IStep, AnnounceCopiedStep>();
        services.AddSingleton<IStep, ActivateStep>();
        services.AddSingleton<IStep, SuspendStep>();
        services.AddSingleton<IStep, ReactivateStep>();
        services.AddSingleton<IStep, UpdateStep>();
        services.AddSingleton<IStep, AnnounceUpdateStep>();
        services.AddSingleton<IStep, AnnounceDeprovisioningStep>();
        services.AddSingleton<IStep, BeginRemovalStep>();
        services.AddSingleton<IStep, CertifyStep>();
    }
}
