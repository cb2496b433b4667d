using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Workers;
using Serilog;
using Serilog.Formatting.Json;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.ClearProviders()
    .AddFilter("System.Net.Http", LogLevel.Warning)
    .AddSerilog(new LoggerConfiguration().Enrich.FromLogContext().WriteTo.Console(new JsonFormatter(renderMessage: true)).CreateLogger(), dispose: true);
builder.Services.AddWorkers(builder.Configuration);
await builder.Build().RunAsync();
