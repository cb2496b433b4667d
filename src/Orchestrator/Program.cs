using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Hosting.Health;
using Saga.Hosting.Startup;
using Saga.Orchestrator;
using Serilog;
using Serilog.Formatting.Json;

return await WrongConfiguration.GuardAsync("saga-orchestrator", async () =>
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.Logging.ClearProviders()
        .AddSerilog(new LoggerConfiguration().Enrich.FromLogContext().WriteTo.Console(new JsonFormatter(renderMessage: true)).CreateLogger(), dispose: true);
    builder.Services.AddHealthListener(builder.Configuration).AddOrchestrator(builder.Configuration);
    await builder.Build().RunAsync();
});
