using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Hosting.Health;
using Saga.Hosting.Logging;
using Saga.Hosting.Startup;

namespace Saga.Workers.Custom;

/// <summary>The program of a team's own worker.</summary>
public static class CustomWorker
{
    /// <summary>
    /// Runs until the process is told to stop, with the logging, health checks and exit codes of the platform's own workers.
    /// </summary>
    /// <param name="program">The program's name, for messages.</param>
    /// <param name="args">Its arguments: <c>--&lt;setting&gt;=&lt;value&gt;</c>.</param>
    /// <param name="worker">The worker's name in the list of custom steps.</param>
    /// <param name="addSteps">Adds the steps.</param>
    /// <param name="addServices">Adds what the steps need; null when they need nothing.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(string program, string[] args, string worker, Action<CustomSteps> addSteps, Action<IServiceCollection, IConfiguration>? addServices = null) =>
        WrongConfiguration.GuardAsync(program, args, "--Saga:Health:Url=http://0.0.0.0:8081", async () =>
        {
            var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
            Arguments.Check(args, builder.Configuration);
            builder.Services.AddJsonLogging(builder.Configuration).AddHealthListener(builder.Configuration);
            addServices?.Invoke(builder.Services, builder.Configuration);
            builder.Services.AddCustomWorker(builder.Configuration, worker, addSteps);
            await builder.Build().RunAsync();
        });
}
