using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Hosting.Health;
using Saga.Hosting.Logging;
using Saga.Hosting.Startup;
using Saga.Workers;

return await WrongConfiguration.GuardAsync("saga-workers", args, "--Saga:Workers:Run:0=database", async () =>
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    Arguments.Check(args, builder.Configuration);
    builder.Services.AddJsonLogging(builder.Configuration).AddHealthListener(builder.Configuration).AddWorkers(builder.Configuration);
    await builder.Build().RunAsync();
});
