using Microsoft.Extensions.Options;
using Saga.Api;
using Serilog;
using Serilog.Formatting.Json;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders()
    .AddFilter("Microsoft", LogLevel.Warning)
    .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
    .AddFilter("System.Net.Http", LogLevel.Warning)
    .AddSerilog(new LoggerConfiguration().Enrich.FromLogContext().WriteTo.Console(new JsonFormatter(renderMessage: true)).CreateLogger(), dispose: true);
builder.Services.AddApi(builder.Configuration);

await using var app = builder.Build();
app.MapApi();
try
{
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException e)
{
    foreach (var failure in e.Failures)
        await Console.Error.WriteLineAsync($"saga-api: {failure}");
    return 2;
}
