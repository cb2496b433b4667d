using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Schema;
using Saga.Workers.Identity.Repair;

namespace Saga.Workers.Identity.Embedded;

internal static class EmbeddedDirectoryRegistration
{
    public static IServiceCollection AddEmbeddedDirectory(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<EmbeddedDirectoryOptions>().Configure(o => o.Mode = configuration[EmbeddedDirectoryOptions.ModeKey]).ValidateDataAnnotations();
        services.AddSingleton<IDirectory>(s =>
        {
            // Reading the value refuses any other mode, even if nothing validates options at start.
            _ = s.GetRequiredService<IOptions<EmbeddedDirectoryOptions>>().Value;
            return new EmbeddedDirectory(s.GetRequiredService<NpgsqlDataSource>());
        });
        services.AddSingleton<IIdentityCheck, EmbeddedIdentityCheck>();
        services.AddSingleton<IFormerRole, EmbeddedFormerRole>();
        services.AddHostedService<MakeEmbeddedDirectoryAtStart>();
        return services;
    }
}

internal sealed class MakeEmbeddedDirectoryAtStart(NpgsqlDataSource registry, RegistryAtStart start) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) =>
        start.DoAsync(stop => EmbeddedDirectorySchema.EnsureAsync(registry, stop), cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
