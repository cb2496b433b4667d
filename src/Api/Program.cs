using Saga.Api;
using Saga.Hosting.Startup;
using Serilog;
using Serilog.Formatting.Json;

return await WrongConfiguration.GuardAsync("saga-api", async () =>
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.Logging.ClearProviders()
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
        .AddFilter("System.Net.Http", LogLevel.Warning)
        .AddSerilog(new LoggerConfiguration().Enrich.FromLogContext().WriteTo.Console(new JsonFormatter(renderMessage: true)).CreateLogger(), dispose: true);
    builder.Services.AddApi(builder.Configuration);

    await using var app = builder.Build();
    app.MapApi();
    await app.RunAsync();
});
