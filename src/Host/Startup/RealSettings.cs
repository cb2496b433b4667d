using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Saga.Host.Startup;

/// <summary>Finds all wrong settings of mode real at once, without starting anything.</summary>
internal static class RealSettings
{
    /// <param name="args">The command line.</param>
    /// <param name="known">What is known already. Settings that it names are not named again, since the advice could differ.</param>
    public static IReadOnlyList<string> Faults(string[] args, IReadOnlyList<string> known) =>
        [.. Validate(args).Where(fault => !known.Any(k => KeyOf(k) == KeyOf(fault)))];

    private static IReadOnlyList<string> Validate(string[] args)
    {
        try
        {
            var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
            ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = ModeRules.Defaults(HostMode.Real) });
            builder.Services.AddEverything(builder.Configuration);
            using var services = builder.Services.BuildServiceProvider();
            services.GetService<IStartupValidator>()?.Validate();
            return [];
        }
        catch (Exception error) when (StartErrors.Explain(error) is { Count: > 0 } faults)
        {
            return faults;
        }
    }

    private static string KeyOf(string fault) => fault.Split(' ', 2)[0];
}
