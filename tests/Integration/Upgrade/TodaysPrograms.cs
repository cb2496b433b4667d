using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Orchestrator;
using Saga.Tests.Support;
using Saga.Workers.Configuration;
using Saga.Workers.Identity;
using Saga.Workers.Notification;
using Saga.Workers.Reservation;
using Saga.Workers.Runtime;
using Saga.Workers;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>Orchestrator and workers of this version. Steps that only use the registry are real; the others succeed at once.</summary>
internal sealed class TodaysPrograms(IHost host) : IAsyncDisposable
{
    private static readonly string[] Workers =
    [
        WorkerNames.Reservation, WorkerNames.Identity, WorkerNames.Database, WorkerNames.Storage, WorkerNames.Cache, WorkerNames.Configuration,
        WorkerNames.Verification, WorkerNames.Notification,
    ];

    private static readonly string[] Scripted =
    [
        StepNames.Identity, StepNames.Administrator, StepNames.Database, StepNames.Migrate, StepNames.Storage, StepNames.Cache, StepNames.Verify, StepNames.Notify,
    ];

    // With a mail folder, these steps are real too.
    private static readonly string[] People = [StepNames.Identity, StepNames.Administrator, StepNames.Notify];

    /// <param name="registry">The stored registry.</param>
    /// <param name="mails">The folder for mails. Without it, the steps for organisations and mails succeed without doing anything.</param>
    public static async Task<TodaysPrograms> StartAsync(NpgsqlDataSource registry, string? mails = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Saga:Registry:ConnectionString"] = registry.ConnectionString,
            ["Saga:Bus:Adapter"] = "inmemory",
            // The key under which the stored secrets were sealed.
            ["Saga:Sealing:ActiveKey"] = "k1",
            ["Saga:Sealing:MasterKeys:k1"] = Convert.ToBase64String(new byte[32]),
            ["Saga:Runtime:Keys:r1"] = RuntimeLogin.Key,
            ["Saga:Databases:Servers:eu-1:ConnectionString"] = "Host=db-1.example;Port=5432;Username=saga;Password=x",
            ["Saga:Databases:Servers:eu-1:Region"] = "eu",
            ["Saga:Databases:Servers:eu-1:MaxTenants"] = "100",
            ["Saga:Databases:Servers:eu-1:WarmDatabases"] = "0",
            ["Saga:Mode"] = "embedded",
            ["Saga:Identity:Adapter"] = "embedded",
            ["Saga:Mail:Adapter"] = "folder",
            ["Saga:Mail:Folder:Path"] = mails,
            ["Saga:Mail:From"] = "Saga <no-reply@saga.example>",
            ["Saga:Mail:SignInUrl"] = "https://app.example/sign-in",
        });
        builder.Services.AddOrchestrator(builder.Configuration).AddResource<ReservationModule>(builder.Configuration).AddResource<ConfigurationModule>(builder.Configuration);
        if (mails is not null)
            builder.Services.AddResource<IdentityModule>(builder.Configuration).AddResource<NotificationModule>(builder.Configuration);
        foreach (var step in mails is null ? Scripted : Scripted.Except(People, StringComparer.Ordinal))
            builder.Services.AddSingleton<IStep>(new ScriptedStep(step));
        foreach (var worker in Workers)
            builder.Services.AddWorkerEndpoint(builder.Configuration, worker);
        // The test's own data source, because its connection string does not contain the password.
        builder.Services.AddSingleton(registry);
        var host = builder.Build();
        await host.StartAsync();
        return new TodaysPrograms(host);
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
