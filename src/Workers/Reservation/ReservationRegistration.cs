using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

public static class ReservationRegistration
{
    /// <summary>The steps that reserve a place and activate the tenant.</summary>
    public static IServiceCollection AddReservationWorker(this IServiceCollection services, IConfiguration configuration) =>
        services.AddDatabaseServers(configuration)
            .AddSingleton<IStep, ReserveStep>()
            .AddSingleton<IStep, ActivateStep>();
}
