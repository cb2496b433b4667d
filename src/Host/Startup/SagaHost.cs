using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Host.Commands;
using Saga.Host.Demo;
using Saga.Hosting.Logging;
using Saga.Hosting.Startup;
using Serilog.Core;
using Serilog.Events;

namespace Saga.Host.Startup;

/// <summary>Runs the process: its own servers start first and stop last.</summary>
internal static class SagaHost
{
    /// <returns>The process's exit code: 0 after an orderly stop, 2 when it could not start for a reason that the user can fix, 3 when a dependency did not answer in time.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        if (Arguments.AsksForHelp(args))
        {
            await Console.Out.WriteLineAsync(Arguments.Help(HostCommand.Program, "--Saga:Data=/srv/saga"));
            foreach (var task in HostCommand.All)
                await Console.Out.WriteLineAsync($"{HostCommand.Program} {task.Words} {task.Purpose}.");
            return 0;
        }

        using var signals = new StopSignals();
        try
        {
            return await RunAsync(args, signals);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception e) when (StartErrors.Explain(e) is { Count: > 0 } messages)
        {
            foreach (var message in messages)
                await Console.Error.WriteLineAsync($"saga: {message}");
            return WrongConfiguration.Code(e);
        }
    }

    private static async Task<int> RunAsync(string[] args, StopSignals signals)
    {
        var stop = signals.Token;
        var command = HostCommand.Find(args);
        args = command?.Expand(args) ?? args;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var configuration = builder.Configuration;
        string[] settings = [.. args.Skip(command?.Words.Split(' ').Length ?? 0)];
        var unknown = Arguments.Wrong(settings, configuration);
        var mode = ModeRules.Mode(configuration, unknown);
        IReadOnlyList<string> broken = [.. unknown, .. ModeRules.Broken(mode, configuration)];
        if (broken.Count > 0)
            throw new StartException(mode == HostMode.Real ? [.. broken, .. RealSettings.Faults(settings, broken)] : broken);

        HostLimits.Check(mode, configuration);
        await using var servers = mode == HostMode.Real || command is { NeedsServers: false } ? null : await PrivateServers.StartAsync(mode, configuration, stop);
        signals.WhenOverdue(TimeSpan.FromSeconds(9), () => servers?.DisposeAsync().AsTask() ?? Task.CompletedTask);
        // Lowest precedence, so that the user's settings win.
        ((IConfigurationBuilder)configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = [.. ModeRules.Defaults(mode), .. servers?.Settings ?? []] });
        if (command is not null)
            return await command.RunAsync(configuration, stop);
        // Starts first, so that it stops last.
        if (servers is not null)
            builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<ServerRestarter>(services, servers.Servers));
        var console = new LoggingLevelSwitch();
        builder.Services
            .AddHostLogging(configuration, servers?.Folder.Folder("logs"), console)
            .AddEverything(configuration)
            .Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(6))
            .Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);

        await using var app = builder.Build();
        var address = configuration[ModeRules.AddressKey]!;
        app.Urls.Add(address);
        app.MapEverything();
        if (servers is not null)
            app.MapSignInPage();
        try
        {
            await app.StartAsync(stop);
        }
        catch
        {
            // The caller says why. What ends because of it goes to the log file only.
            console.MinimumLevel = LevelAlias.Off;
            throw;
        }

        servers?.Folder.Announce(address);
        await DemoShow.ShowAsync(configuration, address, servers?.Folder, stop);
        await app.WaitForShutdownAsync(stop);
        signals.StoppedInOrder();
        return 0;
    }
}
