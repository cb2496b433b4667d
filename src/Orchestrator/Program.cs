using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Saga.Hosting.Health;
using Saga.Hosting.Logging;
using Saga.Hosting.Startup;
using Saga.Orchestrator;

return await WrongConfiguration.GuardAsync("saga-orchestrator", args, "--Saga:Bus:Adapter=rabbitmq", async () =>
{
    var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
    Arguments.Check(args, builder.Configuration);
    builder.Services.AddJsonLogging(builder.Configuration).AddHealthListener(builder.Configuration).AddOrchestrator(builder.Configuration);
    await builder.Build().RunAsync();
});
