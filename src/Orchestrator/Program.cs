using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Orchestrator;
using Serilog;
using Serilog.Formatting.Json;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.ClearProviders()
    .AddSerilog(new LoggerConfiguration().Enrich.FromLogContext().WriteTo.Console(new JsonFormatter(renderMessage: true)).CreateLogger(), dispose: true);
builder.Services.AddOrchestrator(builder.Configuration);
await builder.Build().RunAsync();
