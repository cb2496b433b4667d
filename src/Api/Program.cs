using Saga.Api;
using Saga.Hosting.Logging;
using Saga.Hosting.Startup;

return await WrongConfiguration.GuardAsync("saga-api", args, "--Saga:Auth:Audience=saga-api", async () =>
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    Arguments.Check(args, builder.Configuration);
    builder.Services.AddJsonLogging(builder.Configuration).AddApi(builder.Configuration);

    await using var app = builder.Build();
    app.MapApi();
    await app.RunAsync();
});
