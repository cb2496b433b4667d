using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api.Audit;
using Saga.Api.Backups;
using Saga.Api.Batches;
using Saga.Api.Commands;
using Saga.Api.CustomSteps;
using Saga.Api.DeadLetters;
using Saga.Api.Drift;
using Saga.Api.Exports;
using Saga.Api.Failures;
using Saga.Api.Fleet;
using Saga.Api.Health;
using Saga.Api.Limits;
using Saga.Api.OpenApi;
using Saga.Api.Operations;
using Saga.Api.Plans;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Scheduled;
using Saga.Api.Servers;
using Saga.Api.Streams;
using Saga.Api.Tenants;
using Saga.Api.Tokens;
using Saga.Hosting.Health;
using Saga.Lifecycle;
using Saga.Lifecycle.CustomSteps;
using Saga.Registry;

namespace Saga.Api;

public static class ApiRegistration
{
    /// <summary>The control-plane API. Needs the sections <c>Saga:Registry</c> and <c>Saga:Auth</c>.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddLifecycle(configuration);
        services.AddOptionsWithValidateOnStart<CustomStepsOptions>().Bind(configuration.GetSection(CustomStepsOptions.Section));
        services.AddHostedService<CustomStepsAtStart>();
        services.AddTokens(configuration).AddCallerLimits(configuration).AddServerHardening().AddApiDocument();
        services.AddHealth().AddCheck<IssuerHealth>("token-issuer", timeout: HealthRegistration.Patience);
        services.AddExports(configuration).AddFailureHelp(configuration).AddAudit();
        services.AddSingleton(typeof(CommandDoor<>));
        services.AddSingleton(typeof(TenantCommands<>));
        services.AddSingleton<BackupRules>();
        services.AddSingleton<OperationReader>();
        services.AddSingleton<HistoryFeed>();
        services.AddSingleton<ServerSentEvents>();
        services.AddSingleton<EventStream>();
        services.AddSingleton<BatchStream>();
        services.AddExceptionHandler<ExceptionProblems>();
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            o.SerializerOptions.Encoder = ApiJson.Options.Encoder;
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        return services;
    }

    /// <summary>
    /// Maps the API's endpoints under <c>/api/v1</c>, <c>/health</c> and <c>/openapi</c>, and the pipeline before them. Other endpoints
    /// of the process use the same pipeline and require a token unless they allow anonymous access.
    /// </summary>
    public static void MapApi(this WebApplication app)
    {
        app.UseHsts();
        app.UseRequestIds();
        // The handler does its own logging.
        app.UseExceptionHandler(new ExceptionHandlerOptions { SuppressDiagnosticsCallback = _ => true, ExceptionHandler = _ => Task.CompletedTask });
        app.UseStatusCodePages(context => FrameworkProblems.Of(context.HttpContext).ExecuteAsync(context.HttpContext));
        app.UseAudit();
        app.UseAuthentication();
        app.UseCallerLimits();
        app.UseAuthorization();

        var api = app.MapGroup("/api/v1").WithHead();
        api.MapGroup("").WithTags("Tenants").MapTenants();
        api.MapGroup("").WithTags("Tenants").MapSuspension();
        api.MapGroup("").WithTags("Tenants").MapMigrations();
        api.MapGroup("").WithTags("Tenants").MapUpdates();
        api.MapGroup("").WithTags("Tenants").MapDomains();
        api.MapGroup("").WithTags("Tenants").MapConfig();
        api.MapGroup("").WithTags("Tenants").MapDeprovisioning();
        api.MapGroup("").WithTags("Backups").MapBackups();
        api.MapGroup("").WithTags("Backups").MapBackupSchedules();
        api.MapGroup("").WithTags("Exports").MapExports();
        api.MapGroup("").WithTags("Tenants").MapVerifications();
        api.MapGroup("").WithTags("Tenants").MapAdoptions();
        api.MapGroup("").WithTags("Tenants").MapRotations();
        api.MapGroup("").WithTags("Fleet").MapFleet();
        api.MapGroup("").WithTags("Fleet").MapRegistryBackups();
        api.MapGroup("").WithTags("Operations").MapOperations();
        api.MapGroup("").WithTags("Operations").MapFailures();
        api.MapGroup("").WithTags("Operations").MapWaits();
        api.MapGroup("").WithTags("Operations").MapNotes();
        api.MapGroup("").WithTags("Batches").MapBatches();
        api.MapGroup("").WithTags("Drift").MapDrift();
        api.MapGroup("").WithTags("Scheduled commands").MapScheduled();
        api.MapGroup("").WithTags("Plans").MapPlans();
        api.MapGroup("").WithTags("Servers").MapServers();
        api.MapGroup("").WithTags("Custom steps").MapCustomSteps();
        api.MapGroup("").WithTags("Dead letters").MapDeadLetters();
        api.MapGroup("").WithTags("Audit").MapAudit();
        app.MapHealth().AllowAnonymous().WithTags("Health");
        app.MapApiDocument();
        app.MapFailurePages();
    }
}
