using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Saga.Host.Embedded;
using Saga.Host.Logging;

namespace Saga.Host.Startup;

/// <summary>The life of the process: what it brings along comes up first and goes down last.</summary>
internal static class SagaHost
{
    private const int WrongConfiguration = 2;

    /// <returns>The process's exit code: 0 after an orderly stop, 2 when it could not start for a reason the user can mend.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        using var signals = new StopSignals();
        try
        {
            await RunAsync(args, signals.Token);
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception e) when (StartErrors.Explain(e) is { Count: > 0 } messages)
        {
            foreach (var message in messages)
                await Console.Error.WriteLineAsync($"saga: {message}");
            return WrongConfiguration;
        }
    }

    private static async Task RunAsync(string[] args, CancellationToken stop)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var mode = ModeRules.Mode(builder.Configuration);
        var broken = ModeRules.Broken(mode, builder.Configuration);
        if (broken.Count > 0)
            throw new StartException(broken);

        await using var brought = mode == HostMode.Real ? null : await BroughtAlong.StartAsync(mode, builder.Configuration, stop);
        // Lowest in rank: whatever the user says wins.
        builder.Configuration.Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource
        {
            InitialData = ModeRules.Defaults(mode).Concat(brought?.Settings ?? []),
        });
        builder.Services
            .AddHostLogging(builder.Configuration, brought?.Folder.Folder("logs"))
            .AddEverything(builder.Configuration)
            .Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(7))
            .Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);

        await using var app = builder.Build();
        app.Urls.Add(builder.Configuration[ModeRules.AddressKey] ?? throw new StartException($"{ModeRules.AddressKey} must be the address to listen on, such as http://0.0.0.0:5080."));
        app.MapEverything();
        await app.StartAsync(stop);
        brought?.Folder.Announce(app.Urls.First());
        await app.WaitForShutdownAsync(stop);
    }
}
